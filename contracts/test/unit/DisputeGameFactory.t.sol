// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IDisputeGameFactory} from "../../src/settlement/interfaces/IDisputeGameFactory.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

contract DisputeGameFactoryTest is SettlementFixture {
    /// @dev EIP-2935.
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    function test_a_uuid_exists_once() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        bytes32 uuid = factory.getGameUUID(GAME_TYPE, ROOT, game.extraData());
        assertEq(uuid, keccak256(abi.encode(GAME_TYPE, ROOT, game.extraData())));
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(SNP_KEY, _claim(head, GENESIS_ROOT, ROOT, 10));
        bytes memory extraData = game.extraData();
        vm.expectRevert(abi.encodeWithSelector(IDisputeGameFactory.GameAlreadyExists.selector, uuid));
        factory.createWithProof(GAME_TYPE, ROOT, extraData, head, uint64(block.number - 1), signature);
    }

    function test_the_l1_head_must_be_canonical() public {
        bytes32 head = blockhash(block.number - 1);
        _refusedHead(head, uint64(block.number - 2));
        _refusedHead(keccak256("elsewhere"), uint64(block.number - 1));
        _refusedHead(0, uint64(block.number - 1));
        _refusedHead(0, uint64(block.number));
        _refusedHead(0, uint64(block.number + 1));
        _refusedHead(0, type(uint64).max);
    }

    function test_an_older_l1_head_is_checked_against_the_history_contract() public {
        bytes32 old = keccak256("old block");
        vm.roll(block.number + 500);
        uint64 number = uint64(block.number - 400);
        vm.etch(HISTORY, address(new HistoryStub(number, old)).code);
        _refusedHead(keccak256("another"), number);
        _refusedHead(old, number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(old, GENESIS_ROOT, ROOT, 10));
        IDisputeGame game = factory.createWithProof(
            GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)), old, number, signature
        );
        assertEq(game.l1Head(), old);
    }

    function test_no_implementation_no_game() public {
        bytes memory missing = abi.encodeWithSelector(IDisputeGameFactory.NoImplementation.selector, uint32(7));
        vm.expectRevert(missing);
        factory.create(7, ROOT, abi.encode(uint256(10), address(0)));
        bytes32 head = blockhash(block.number - 1);
        vm.expectRevert(missing);
        factory.createWithProof(7, ROOT, "", head, uint64(block.number - 1), "");
        vm.expectRevert(missing);
        factory.initBonds(7);
        assertEq(factory.initBonds(GAME_TYPE), 0);
    }

    function test_only_the_owner_sets_implementations_and_only_fitting_ones() public {
        IDisputeGame impl = IDisputeGame(address(implementation));
        vm.expectRevert(
            abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, address(this))
        );
        factory.setImplementation(GAME_TYPE, impl);
        vm.startPrank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeGameFactory.DisputeGameFactory_WrongGameType.selector, uint32(7), address(impl)
            )
        );
        factory.setImplementation(7, impl);
        factory.setImplementation(GAME_TYPE, IDisputeGame(address(0)));
        assertEq(address(factory.gameImpls(GAME_TYPE)), address(0));
    }

    function test_latest_games_downward_from_an_index() public {
        assertEq(factory.findLatestGames(GAME_TYPE, 0, 0).length, 0);
        for (uint256 i = 0; i < 5; ++i) _propose(TDX_KEY, keccak256(abi.encode(i)), 10 + i, address(0));
        // Not in their own block, in which nothing can be proven against them.
        assertEq(factory.findLatestGames(GAME_TYPE, 4, 10).length, 0);
        vm.warp(block.timestamp + 1);
        IDisputeGameFactory.GameSearchResult[] memory found = factory.findLatestGames(GAME_TYPE, 4, 3);
        assertEq(found.length, 3);
        assertEq(found[0].index, 4);
        assertEq(found[2].index, 2);
        assertEq(found[0].rootClaim, keccak256(abi.encode(uint256(4))));
        assertEq(found[0].extraData, abi.encode(uint256(14), address(0)));
        (uint32 gameType, uint64 timestamp, IDisputeGame proxy) = factory.gameAtIndex(4);
        assertEq(uint256(gameType), GAME_TYPE);
        assertEq(timestamp, found[0].timestamp);
        assertEq(address(uint160(uint256(found[0].metadata))), address(proxy));
        assertEq(factory.findLatestGames(GAME_TYPE, 1, 10).length, 2);
        assertEq(factory.findLatestGames(GAME_TYPE, 5, 1).length, 0);
        assertEq(factory.findLatestGames(GAME_TYPE, type(uint256).max, 1).length, 0);
        assertEq(factory.findLatestGames(GAME_TYPE, 4, type(uint256).max).length, 5);
        assertEq(factory.findLatestGames(7, 4, 10).length, 0);
    }

    function test_initialises_once() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        factory.initialize(address(this), GAME_TYPE, IDisputeGame(address(implementation)));
    }

    function _refusedHead(bytes32 head, uint64 number) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeGameFactory.DisputeGameFactory_L1HeadNotCanonical.selector, head, number
            )
        );
        factory.createWithProof(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)), head, number, "");
    }
}

/// @notice Knows the hash of one block, as EIP-2935's contract knows 8,191.
contract HistoryStub {
    uint64 private immutable NUMBER;
    bytes32 private immutable HASH;

    constructor(uint64 number, bytes32 blockHash) {
        NUMBER = number;
        HASH = blockHash;
    }

    // solhint-disable-next-line payable-fallback
    fallback(bytes calldata input) external returns (bytes memory) {
        return abi.encode(abi.decode(input, (uint256)) == NUMBER ? HASH : bytes32(0));
    }
}
