// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ERC20AnyNamePermit} from "../../src/bridging/ERC20AnyNamePermit.sol";
import {OptimismMintableERC20} from "../../src/bridging/OptimismMintableERC20.sol";
import {OptimismMintableERC20Factory} from "../../src/bridging/OptimismMintableERC20Factory.sol";
import {IOptimismMintableERC20Factory} from "../../src/bridging/interfaces/IOptimismMintableERC20Factory.sol";
import {BridgingFixture} from "./BridgingFixture.sol";

contract OptimismMintableERC20FactoryTest is BridgingFixture {
    address private constant REMOTE = address(0x1111);

    function setUp() public {
        setUpBridging();
    }

    function testFuzz_address_followsFromTheTokenAlone(
        address caller,
        address remote,
        string calldata name,
        string calldata symbol,
        uint8 decimals
    ) public {
        vm.assume(remote != address(0));
        bytes32 salt = keccak256(abi.encode(remote, name, symbol, decimals));
        bytes32 initCode = keccak256(
            abi.encodePacked(
                type(OptimismMintableERC20).creationCode,
                abi.encode(address(l2Bridge), remote, name, symbol, decimals)
            )
        );
        address expected = address(
            uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(l2Factory), salt, initCode))))
        );
        vm.expectEmit(address(l2Factory));
        emit IOptimismMintableERC20Factory.StandardL2TokenCreated(remote, expected);
        vm.expectEmit(address(l2Factory));
        emit IOptimismMintableERC20Factory.OptimismMintableERC20Created(expected, remote, caller);
        vm.prank(caller);
        address token = l2Factory.createOptimismMintableERC20WithDecimals(remote, name, symbol, decimals);
        assertEq(token, expected);
        assertEq(l2Factory.deployments(token), remote);
        assertEq(uint256(OptimismMintableERC20(token).decimals()), decimals);
        assertEq(bytes(OptimismMintableERC20(token).name()), bytes(name));
    }

    function test_theSameToken_existsOnce() public {
        l2Factory.createStandardL2Token(REMOTE, "A", "B");
        vm.expectRevert();
        l2Factory.createOptimismMintableERC20(REMOTE, "A", "B");
    }

    function test_aRemoteToken_mustBeNamed() public {
        vm.expectRevert(IOptimismMintableERC20Factory.OptimismMintableERC20Factory_ZeroAddress.selector);
        l2Factory.createStandardL2Token(address(0), "A", "B");
    }

    function test_aForeignToken_isNoDeployment() public view {
        assertEq(l2Factory.deployments(REMOTE), address(0));
    }

    function test_initialisation_happensOnceAndNeverOnTheImplementation() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        l2Factory.initialize(REMOTE);
        OptimismMintableERC20Factory implementation = new OptimismMintableERC20Factory();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(REMOTE);
    }

    /// @dev The identifiers by which the OP Stack's bridges recognise mintable tokens.
    function test_token_answersTheOpStacksIdentifiers() public {
        OptimismMintableERC20 token = OptimismMintableERC20(l2Factory.createStandardL2Token(REMOTE, "A", "B"));
        assertTrue(token.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        assertTrue(token.supportsInterface(0x1d1d8b63), "ILegacyMintableERC20");
        assertTrue(token.supportsInterface(0xec4fc8e3), "IOptimismMintableERC20");
        assertFalse(token.supportsInterface(0xffffffff), "nothing");
        assertEq(token.l1Token(), REMOTE);
        assertEq(token.remoteToken(), REMOTE);
        assertEq(token.bridge(), address(l2Bridge));
        assertEq(token.l2Bridge(), address(l2Bridge));
    }

    /// @dev Names beyond 31 bytes included, which OpenZeppelin's own permit refuses.
    function testFuzz_permit_isForTheSignersApprovalOnly(string calldata name, uint256 key, uint256 value) public {
        key = bound(key, 1, 1e30);
        OptimismMintableERC20 token = OptimismMintableERC20(l2Factory.createStandardL2Token(REMOTE, name, "B"));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                address(token)
            )
        );
        assertEq(token.DOMAIN_SEPARATOR(), domain);
        address owner = vm.addr(key);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                domain,
                keccak256(
                    abi.encode(
                        keccak256(
                            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                        ),
                        owner,
                        REMOTE,
                        value,
                        0,
                        block.timestamp
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);

        vm.expectRevert(
            abi.encodeWithSelector(ERC20AnyNamePermit.ERC2612ExpiredSignature.selector, block.timestamp - 1)
        );
        token.permit(owner, REMOTE, value, block.timestamp - 1, v, r, s);
        // Another spender, then a replay, recover another signer.
        vm.expectRevert();
        token.permit(owner, address(this), value, block.timestamp, v, r, s);
        token.permit(owner, REMOTE, value, block.timestamp, v, r, s);
        assertEq(token.allowance(owner, REMOTE), value);
        vm.expectRevert();
        token.permit(owner, REMOTE, value, block.timestamp, v, r, s);
    }
}
