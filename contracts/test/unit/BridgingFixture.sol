// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {L1CrossDomainMessenger} from "../../src/bridging/L1CrossDomainMessenger.sol";
import {L1StandardBridge} from "../../src/bridging/L1StandardBridge.sol";
import {L2CrossDomainMessenger} from "../../src/bridging/L2CrossDomainMessenger.sol";
import {L2StandardBridge} from "../../src/bridging/L2StandardBridge.sol";
import {OptimismMintableERC20Factory} from "../../src/bridging/OptimismMintableERC20Factory.sol";
import {IDepositPortal} from "../../src/bridging/interfaces/IDepositPortal.sol";
import {IPauseSource} from "../../src/bridging/interfaces/IPauseSource.sol";
import {IStandardBridge} from "../../src/bridging/interfaces/IStandardBridge.sol";
import {WithdrawalQuota} from "../../src/settlement/WithdrawalQuota.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {AddressAliasing} from "../../src/types/AddressAliasing.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {Base, Vm} from "./Base.sol";

/// @notice Stands for the OptimismPortal: it keeps the last deposit, and delivers what the test calls a withdrawal.
contract PortalDouble is IDepositPortal {
    struct Deposit {
        address from;
        address to;
        uint256 value;
        uint64 gasLimit;
        bool isCreation;
        bytes data;
    }

    error ValueNotPassedOn();

    address public l2Sender;
    IDisputeGame public finalizingGame;
    uint256 public finalizingDueAt;
    IDisputeGame private _game;
    uint256 private _due;
    Deposit private _last;

    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable
    {
        require(msg.value == value, ValueNotPassedOn());
        _last = Deposit(msg.sender, to, value, gasLimit, isCreation, data);
    }

    function setGame(IDisputeGame game) external {
        _game = game;
    }

    /// @notice When withdrawals delivered from now on were due; zero = just then.
    function setDue(uint256 due) external {
        _due = due;
    }

    function deliver(address sender, address target, uint256 value, uint256 gasLimit, bytes calldata data)
        external
        payable
        returns (bool success, bytes memory returned)
    {
        l2Sender = sender;
        (finalizingGame, finalizingDueAt) = (_game, _due == 0 ? block.timestamp : _due);
        (success, returned) = target.call{value: value, gas: gasLimit}(data);
        l2Sender = address(0);
        (finalizingGame, finalizingDueAt) = (IDisputeGame(address(0)), 0);
    }

    function last() external view returns (Deposit memory) {
        return _last;
    }
}

/// @notice Stands for SystemConfig's pause and guardian.
contract PauseDouble is IPauseSource {
    bool public paused;
    address public guardian = address(0x6A4D);

    function set(bool paused_) external {
        paused = paused_;
    }
}

/// @notice A plain token that anyone can mint.
contract PlainToken is ERC20 {
    constructor() ERC20("Plain", "PLN") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Both layers' bridging contracts in one EVM: L1's behind proxies, L2's at their predeploys.
abstract contract BridgingFixture is Base {
    error NoWithdrawal();

    bytes32 internal constant MESSAGE_PASSED =
        keccak256("MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)");

    PortalDouble internal portal;
    PauseDouble internal pause;
    WithdrawalQuota internal quota;
    L1CrossDomainMessenger internal l1Messenger;
    L1StandardBridge internal l1Bridge;
    L2CrossDomainMessenger internal l2Messenger;
    L2StandardBridge internal l2Bridge;
    OptimismMintableERC20Factory internal l2Factory;

    function setUpBridging() internal {
        portal = new PortalDouble();
        pause = new PauseDouble();
        l1Messenger = L1CrossDomainMessenger(
            address(
                new ERC1967Proxy(
                    address(new L1CrossDomainMessenger()),
                    abi.encodeCall(L1CrossDomainMessenger.initialize, (pause, portal))
                )
            )
        );
        // The quota names the bridge's proxy, which is the third contract from here.
        address bridge = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        quota = new WithdrawalQuota(
            address(portal), bridge, ISystemConfig(address(pause)), address(this), type(uint128).max, 1 ether
        );
        l1Bridge = L1StandardBridge(
            payable(
                address(
                    new ERC1967Proxy(
                        address(new L1StandardBridge(quota)),
                        abi.encodeCall(L1StandardBridge.initialize, (l1Messenger, pause))
                    )
                )
            )
        );

        vm.etch(Predeploys.L2_TO_L1_MESSAGE_PASSER, address(new L2ToL1MessagePasser()).code);
        vm.etch(Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(new L2CrossDomainMessenger()).code);
        vm.etch(Predeploys.L2_STANDARD_BRIDGE, address(new L2StandardBridge()).code);
        vm.etch(Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY, address(new OptimismMintableERC20Factory()).code);
        l2Messenger = L2CrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER);
        l2Messenger.initialize(l1Messenger);
        l2Bridge = L2StandardBridge(payable(Predeploys.L2_STANDARD_BRIDGE));
        l2Bridge.initialize(IStandardBridge(payable(address(l1Bridge))));
        l2Factory = OptimismMintableERC20Factory(Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY);
        l2Factory.initialize(address(l2Bridge));
    }

    /// @notice Executes the last deposit on L2, as derivation would: minted, from the sender's alias.
    function executeLastDeposit() internal returns (bool success) {
        PortalDouble.Deposit memory deposit = portal.last();
        address from = AddressAliasing.applyL1ToL2Alias(deposit.from);
        vm.deal(from, deposit.value);
        vm.prank(from);
        (success,) = deposit.to.call{value: deposit.value, gas: deposit.gasLimit}(deposit.data);
    }

    /// @notice Executes the only withdrawal among the recorded logs on L1, as the portal would.
    function executeRecordedWithdrawal() internal returns (bool success) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != MESSAGE_PASSED) continue;
            (uint256 value, uint256 gasLimit, bytes memory data,) =
                abi.decode(logs[i].data, (uint256, uint256, bytes, bytes32));
            address sender = address(uint160(uint256(logs[i].topics[2])));
            address target = address(uint160(uint256(logs[i].topics[3])));
            vm.deal(address(portal), address(portal).balance + value);
            (success,) = portal.deliver(sender, target, value, gasLimit, data);
            return success;
        }
        revert NoWithdrawal();
    }
}
