// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {L1CrossDomainMessenger} from "../../src/bridging/L1CrossDomainMessenger.sol";
import {L1StandardBridge} from "../../src/bridging/L1StandardBridge.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {IDepositPortal} from "../../src/bridging/interfaces/IDepositPortal.sol";
import {IPauseSource} from "../../src/bridging/interfaces/IPauseSource.sol";
import {IStandardBridge} from "../../src/bridging/interfaces/IStandardBridge.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {Types} from "../../src/types/Types.sol";
import {PlainToken} from "./BridgingFixture.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice A token that leaves through the real portal, messenger and bridge, by real games.
abstract contract TokenExitFixture is SettlementFixture {
    uint128 internal constant TOKEN_QUOTA = 100;
    uint256 internal constant LOCKED = 10_000;
    address internal constant L2_TOKEN = address(0x7077);

    L1CrossDomainMessenger internal messenger;
    L1StandardBridge internal bridge;
    PlainToken internal token;
    address internal recipient = account("recipient");
    uint256 private _sent;

    function setUp() public virtual override {
        super.setUp();
        messenger = L1CrossDomainMessenger(_named("L1CrossDomainMessenger"));
        bridge = L1StandardBridge(payable(_named("L1StandardBridge")));
        IPauseSource pause = IPauseSource(address(systemConfig));
        _proxy(
            "L1CrossDomainMessenger",
            address(new L1CrossDomainMessenger()),
            abi.encodeCall(L1CrossDomainMessenger.initialize, (pause, IDepositPortal(address(portal))))
        );
        _proxy(
            "L1StandardBridge",
            address(new L1StandardBridge(quota)),
            abi.encodeCall(L1StandardBridge.initialize, (messenger, pause))
        );
        token = new PlainToken();
        token.mint(address(this), LOCKED);
        token.approve(address(bridge), LOCKED);
        bridge.bridgeERC20To(address(token), L2_TOKEN, recipient, LOCKED, 200_000, "");
        vm.prank(owner);
        quota.list(address(token), TOKEN_QUOTA, 1);
    }

    /// @notice The message of the bridge on L2 that pays `amount` of the token.
    function _message(uint256 amount, uint256 minGasLimit) internal returns (bytes memory) {
        return _messageOf(
            Predeploys.L2_STANDARD_BRIDGE,
            address(bridge),
            0,
            minGasLimit,
            abi.encodeCall(
                IStandardBridge.finalizeBridgeERC20, (address(token), L2_TOKEN, recipient, recipient, amount, "")
            )
        );
    }

    function _messageOf(address sender, address target, uint256 value, uint256 minGasLimit, bytes memory call_)
        internal
        returns (bytes memory)
    {
        return abi.encodeCall(
            ICrossDomainMessenger.relayMessage,
            ((uint256(1) << 240) + _sent++, sender, target, value, minGasLimit, call_)
        );
    }

    /// @notice A withdrawal of the messenger on L2, proven against a game of its own that both vendors support, and due.
    function _due(bytes memory message, uint256 value, uint256 gasLimit)
        internal
        returns (Types.WithdrawalTransaction memory withdrawal, MultiProofGame game)
    {
        withdrawal = Types.WithdrawalTransaction({
            nonce: (uint256(1) << 240) + factory.gameCount(),
            sender: Predeploys.L2_CROSS_DOMAIN_MESSENGER,
            target: address(messenger),
            value: value,
            gasLimit: gasLimit,
            data: message
        });
        game = _provenAgainst(withdrawal, 10 + factory.gameCount());
        _wait(FAST);
        game.resolve();
        _wait(MATURITY);
    }

    /// @notice Proves the withdrawal against a new game at block `number`, which both vendors support.
    function _provenAgainst(Types.WithdrawalTransaction memory withdrawal, uint256 number)
        internal
        returns (MultiProofGame game)
    {
        bytes32 slot = keccak256(abi.encode(Hashing.hashWithdrawal(withdrawal), uint256(0)));
        bytes[] memory proof = new bytes[](1);
        proof[0] = abi.encodePacked(hex"e3a120", keccak256(abi.encode(slot)), hex"01");
        Types.OutputRootProof memory output = Types.OutputRootProof({
            version: 0,
            stateRoot: keccak256("state"),
            messagePasserStorageRoot: keccak256(proof[0]),
            latestBlockhash: keccak256("block")
        });
        game = _propose(TDX_KEY, Hashing.hashOutputRootProof(output), number, address(0));
        _prove(game, SNP_KEY, game.rootClaim());
        _wait(12);
        portal.proveWithdrawalTransaction(withdrawal, factory.gameCount() - 1, output, proof);
    }
}
