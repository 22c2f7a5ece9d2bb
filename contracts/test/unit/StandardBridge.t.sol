// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {L1StandardBridge} from "../../src/bridging/L1StandardBridge.sol";
import {L2StandardBridge} from "../../src/bridging/L2StandardBridge.sol";
import {OptimismMintableERC20} from "../../src/bridging/OptimismMintableERC20.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "../../src/bridging/interfaces/IL1StandardBridge.sol";
import {IL2StandardBridge} from "../../src/bridging/interfaces/IL2StandardBridge.sol";
import {IStandardBridge} from "../../src/bridging/interfaces/IStandardBridge.sol";
import {IWithdrawalQuota} from "../../src/settlement/interfaces/IWithdrawalQuota.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {BridgingFixture, PlainToken, PortalDouble} from "./BridgingFixture.sol";

/// @notice Keeps a tenth of each transfer.
contract FeeToken is PlainToken {
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) return super._update(from, to, value);
        uint256 fee = value / 10;
        super._update(from, address(0xFEE), fee);
        super._update(from, to, value - fee);
    }
}

/// @notice Calls its sender before it moves tokens, as ERC-777 tokens do.
contract HookToken is PlainToken {
    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        if (from.code.length > 0) HookUser(from).beforeTransfer();
        return super.transferFrom(from, to, value);
    }
}

/// @notice Deposits a second time from inside its first deposit.
contract HookUser {
    IStandardBridge private immutable _BRIDGE;
    HookToken private immutable _TOKEN;
    bool private _inside;

    constructor(IStandardBridge bridge, HookToken token) {
        _BRIDGE = bridge;
        _TOKEN = token;
        token.approve(address(bridge), type(uint256).max);
    }

    function deposit(uint256 amount) public {
        _BRIDGE.bridgeERC20To(address(_TOKEN), address(1), address(this), amount, 200_000, "");
    }

    function beforeTransfer() external {
        if (_inside) return;
        _inside = true;
        deposit(1);
    }
}

/// @notice Accepts ether only while told to.
contract Picky {
    error Closed();

    bool public open;

    receive() external payable {
        require(open, Closed());
    }

    function setOpen() external {
        open = true;
    }
}

contract StandardBridgeTest is BridgingFixture {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    address private constant LEGACY_ETHER = 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000;

    PlainToken private token;
    OptimismMintableERC20 private twin;

    function setUp() public {
        setUpBridging();
        token = new PlainToken();
        twin = OptimismMintableERC20(l2Factory.createStandardL2Token(address(token), "Twin", "TWN"));
        vm.deal(ALICE, 100 ether);
    }

    // ---- ether

    function test_ether_travelsToL2AndBack() public {
        vm.expectEmit(address(l1Bridge));
        emit IL1StandardBridge.ETHDepositInitiated(ALICE, BOB, 3 ether, hex"01");
        vm.expectEmit(address(l1Bridge));
        emit IStandardBridge.ETHBridgeInitiated(ALICE, BOB, 3 ether, hex"01");
        vm.prank(ALICE, ALICE);
        l1Bridge.depositETHTo{value: 3 ether}(BOB, 200_000, hex"01");

        vm.expectEmit(address(l2Bridge));
        emit IL2StandardBridge.DepositFinalized(address(0), LEGACY_ETHER, ALICE, BOB, 3 ether, hex"01");
        vm.expectEmit(address(l2Bridge));
        emit IStandardBridge.ETHBridgeFinalized(ALICE, BOB, 3 ether, hex"01");
        assertTrue(executeLastDeposit(), "deposit");
        assertEq(BOB.balance, 3 ether);

        vm.recordLogs();
        vm.prank(BOB, BOB);
        l2Bridge.withdraw{value: 1 ether}(LEGACY_ETHER, 1 ether, 200_000, "");
        assertTrue(executeRecordedWithdrawal(), "withdrawal");
        // On L1 and L2 at once, since both layers share this EVM.
        assertEq(BOB.balance, 3 ether);
        assertEq(Predeploys.L2_TO_L1_MESSAGE_PASSER.balance, 1 ether);
    }

    function test_ether_sentWithoutCall_isBridgedToTheSender() public {
        vm.prank(ALICE, ALICE);
        (bool success,) = address(l1Bridge).call{value: 1 ether}("");
        assertTrue(success, "sent");
        PortalDouble.Deposit memory queued = portal.last();
        assertEq(queued.value, 1 ether);
        assertEq(
            queued.data,
            abi.encodeCall(
                ICrossDomainMessenger.relayMessage,
                (
                    uint256(1) << 240,
                    address(l1Bridge),
                    address(l2Bridge),
                    1 ether,
                    200_000,
                    abi.encodeCall(IStandardBridge.finalizeBridgeETH, (ALICE, ALICE, 1 ether, ""))
                )
            )
        );
    }

    function test_ether_refusedByItsRecipient_waitsForAReplay() public {
        Picky picky = new Picky();
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeETHTo{value: 1 ether}(address(picky), 200_000, "");
        assertTrue(executeLastDeposit(), "delivered to the messenger");
        assertEq(address(l2Messenger).balance, 1 ether);
        picky.setOpen();
        (bool success,) = address(l2Messenger).call(portal.last().data);
        assertTrue(success, "replayed");
        assertEq(address(picky).balance, 1 ether);
    }

    function test_ether_isNeverDeliveredToTheBridgeOrMessenger() public {
        address[2] memory refused = [address(l2Bridge), address(l2Messenger)];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.prank(ALICE, ALICE);
            l1Bridge.bridgeETHTo{value: 1 ether}(refused[i], 200_000, "");
            assertTrue(executeLastDeposit(), "delivered to the messenger");
            assertTrue(l2Messenger.failedMessages(keccak256(portal.last().data)), "failed");
        }
        assertEq(address(l2Bridge).balance, 0);
    }

    function test_ether_amountOtherThanTheValue_isRefused() public {
        vm.prank(ALICE, ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IStandardBridge.StandardBridge_ValueMismatch.selector, 2 ether, 1 ether)
        );
        l2Bridge.withdraw{value: 1 ether}(LEGACY_ETHER, 2 ether, 200_000, "");
    }

    // ---- who may send to "the same address"

    function test_contracts_mustNameARecipient() public {
        bytes4 notEOA = IStandardBridge.StandardBridge_NotEOA.selector;
        vm.deal(address(this), 1 ether);
        vm.expectRevert(notEOA);
        l1Bridge.bridgeETH{value: 1}(200_000, "");
        vm.expectRevert(notEOA);
        l1Bridge.depositETH{value: 1}(200_000, "");
        vm.expectRevert(notEOA);
        l1Bridge.bridgeERC20(address(token), address(twin), 1, 200_000, "");
        vm.expectRevert(notEOA);
        l1Bridge.depositERC20(address(token), address(twin), 1, 200_000, "");
        vm.expectRevert(notEOA);
        l2Bridge.withdraw(address(twin), 1, 200_000, "");
        (bool success,) = address(l1Bridge).call{value: 1}("");
        assertFalse(success, "plain ether");
    }

    function test_delegatedAccounts_countAsKeyHolders() public {
        address delegated = address(0xDE1E);
        vm.etch(delegated, abi.encodePacked(hex"ef0100", address(token)));
        vm.deal(delegated, 1 ether);
        vm.prank(delegated, ALICE);
        l1Bridge.depositETH{value: 1 ether}(200_000, "");
        assertEq(portal.last().value, 1 ether);
    }

    // ---- tokens

    function testFuzz_nativeToken_isConservedAcrossBothLayers(uint256 deposited, uint256 withdrawn) public {
        deposited = bound(deposited, 1, type(uint128).max);
        withdrawn = bound(withdrawn, 0, deposited);
        deposit(token, address(twin), deposited);
        assertTrue(executeLastDeposit(), "deposit");
        assertEq(twin.balanceOf(BOB), deposited);
        assertEq(l1Bridge.deposits(address(token), address(twin)), deposited);

        vm.recordLogs();
        vm.prank(BOB, BOB);
        l2Bridge.withdrawTo(address(twin), ALICE, withdrawn, 300_000, "");
        assertTrue(executeRecordedWithdrawal(), "withdrawal");
        assertEq(token.balanceOf(ALICE), withdrawn);
        assertEq(twin.totalSupply(), deposited - withdrawn);
        assertEq(token.balanceOf(address(l1Bridge)), deposited - withdrawn);
        assertEq(l1Bridge.deposits(address(token), address(twin)), deposited - withdrawn);
    }

    function test_nativeToken_tellsInBothStyles() public {
        token.mint(ALICE, 5);
        vm.prank(ALICE);
        token.approve(address(l1Bridge), 5);
        vm.expectEmit(address(l1Bridge));
        emit IL1StandardBridge.ERC20DepositInitiated(address(token), address(twin), ALICE, BOB, 5, hex"02");
        vm.expectEmit(address(l1Bridge));
        emit IStandardBridge.ERC20BridgeInitiated(address(token), address(twin), ALICE, BOB, 5, hex"02");
        vm.prank(ALICE, ALICE);
        l1Bridge.depositERC20To(address(token), address(twin), BOB, 5, 200_000, hex"02");
        vm.expectEmit(address(l2Bridge));
        emit IL2StandardBridge.DepositFinalized(address(token), address(twin), ALICE, BOB, 5, hex"02");
        assertTrue(executeLastDeposit(), "deposit");
    }

    function test_feeOnTransferToken_countsWhatArrived() public {
        FeeToken feeToken = new FeeToken();
        address feeTwin = l2Factory.createStandardL2Token(address(feeToken), "Fee twin", "FTW");
        deposit(feeToken, feeTwin, 1000);
        assertEq(l1Bridge.deposits(address(feeToken), feeTwin), 900);
        assertTrue(executeLastDeposit(), "deposit");
        assertEq(OptimismMintableERC20(feeTwin).balanceOf(BOB), 900);
    }

    function test_tokenWithHooks_cannotHaveADepositCountedTwice() public {
        HookToken hookToken = new HookToken();
        HookUser user = new HookUser(l1Bridge, hookToken);
        hookToken.mint(address(user), 100);
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        user.deposit(50);
        assertEq(l1Bridge.deposits(address(hookToken), address(1)), 0);
    }

    function test_codelessToken_isRefusedByName() public {
        vm.expectRevert(abi.encodeWithSelector(IStandardBridge.StandardBridge_TokenHasNoCode.selector, address(7)));
        l1Bridge.bridgeERC20To(address(7), address(twin), BOB, 1, 200_000, "");
        vm.expectRevert(abi.encodeWithSelector(IStandardBridge.StandardBridge_TokenHasNoCode.selector, address(7)));
        l2Bridge.withdrawTo(address(7), BOB, 1, 200_000, "");
    }

    function test_codelessTokenOnTheOtherSide_keepsTheMessageReplayable() public {
        deposit(token, address(7), 10);
        assertTrue(executeLastDeposit(), "delivered to the messenger");
        assertTrue(l2Messenger.failedMessages(keccak256(portal.last().data)), "failed");
    }

    function test_mintableToken_withAnotherCounterpart_isRefused() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IStandardBridge.StandardBridge_WrongTokenPair.selector, address(twin), address(this)
            )
        );
        l2Bridge.bridgeERC20To(address(twin), address(this), BOB, 1, 200_000, "");
    }

    function test_mintableToken_isNotMintedForAnotherToken() public {
        PlainToken worthless = new PlainToken();
        deposit(worthless, address(twin), 10);
        assertTrue(executeLastDeposit(), "delivered to the messenger");
        assertEq(twin.totalSupply(), 0);
        assertTrue(l2Messenger.failedMessages(keccak256(portal.last().data)), "failed");
    }

    function test_release_ofMoreThanThePairLocked_isRefused() public {
        deposit(token, address(twin), 10);
        OptimismMintableERC20 other =
            OptimismMintableERC20(l2Factory.createStandardL2Token(address(token), "Other", "OTH"));
        vm.prank(address(l2Bridge));
        other.mint(BOB, 10);
        vm.recordLogs();
        vm.prank(BOB, BOB);
        l2Bridge.withdraw(address(other), 10, 300_000, "");
        assertFalse(executeRecordedWithdrawal(), "stays open at the portal");
        assertEq(token.balanceOf(address(l1Bridge)), 10);
        assertEq(token.balanceOf(BOB), 0);
    }

    function test_etherAlongWithAToken_isRefused() public {
        vm.expectRevert(IStandardBridge.StandardBridge_UnexpectedValue.selector);
        vm.prank(ALICE, ALICE);
        l2Bridge.withdraw{value: 1}(address(twin), 0, 200_000, "");
    }

    // ---- who may deliver

    function testFuzz_delivery_byAnyoneElse_isRefused(address caller) public {
        vm.assume(caller != address(l1Messenger));
        vm.prank(caller);
        vm.expectRevert(IStandardBridge.StandardBridge_NotOtherBridge.selector);
        l1Bridge.finalizeBridgeETH(ALICE, BOB, 0, "");
        vm.prank(caller);
        vm.expectRevert(IStandardBridge.StandardBridge_NotOtherBridge.selector);
        l1Bridge.finalizeETHWithdrawal(ALICE, BOB, 0, "");
        vm.prank(caller);
        vm.expectRevert(IStandardBridge.StandardBridge_NotOtherBridge.selector);
        l1Bridge.finalizeBridgeERC20(address(token), address(twin), ALICE, BOB, 1, "");
        vm.prank(caller);
        vm.expectRevert(IStandardBridge.StandardBridge_NotOtherBridge.selector);
        l1Bridge.finalizeERC20Withdrawal(address(token), address(twin), ALICE, BOB, 1, "");
    }

    function test_delivery_byAnotherSenderThroughTheMessenger_fails() public {
        vm.prank(ALICE);
        l1Messenger.sendMessage(
            address(l2Bridge),
            abi.encodeCall(
                IStandardBridge.finalizeBridgeERC20, (address(twin), address(token), ALICE, ALICE, 1e18, "")
            ),
            300_000
        );
        assertTrue(executeLastDeposit(), "delivered to the messenger");
        assertEq(twin.totalSupply(), 0);
    }

    function test_delivery_whilePaused_waits() public {
        deposit(token, address(twin), 10);
        assertTrue(executeLastDeposit(), "deposit");
        vm.recordLogs();
        vm.prank(BOB, BOB);
        l2Bridge.withdraw(address(twin), 10, 300_000, "");
        pause.set(true);
        assertFalse(executeRecordedWithdrawal(), "paused");
        assertEq(token.balanceOf(BOB), 0);
    }

    function test_mintAndBurn_areTheBridgesAlone() public {
        vm.expectRevert(OptimismMintableERC20.OptimismMintableERC20_NotBridge.selector);
        twin.mint(ALICE, 1);
        vm.expectRevert(OptimismMintableERC20.OptimismMintableERC20_NotBridge.selector);
        twin.burn(ALICE, 1);
    }

    // ---- set-up

    function test_initialisation_happensOnceAndNeverOnTheImplementation() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        l1Bridge.initialize(l1Messenger, pause);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        l2Bridge.initialize(l1Bridge);
        vm.expectRevert(IStandardBridge.StandardBridge_ZeroAddress.selector);
        new L1StandardBridge(IWithdrawalQuota(address(0)));
        L1StandardBridge one = new L1StandardBridge(quota);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        one.initialize(l1Messenger, pause);
        L2StandardBridge two = new L2StandardBridge();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        two.initialize(l1Bridge);
    }

    function test_views_answerUnderBothNames() public view {
        assertEq(address(l1Bridge.MESSENGER()), address(l1Messenger));
        assertEq(address(l1Bridge.OTHER_BRIDGE()), Predeploys.L2_STANDARD_BRIDGE);
        assertEq(l1Bridge.l2TokenBridge(), Predeploys.L2_STANDARD_BRIDGE);
        assertEq(l2Bridge.l1TokenBridge(), address(l1Bridge));
    }

    function deposit(PlainToken from, address to, uint256 amount) private {
        from.mint(ALICE, amount);
        vm.prank(ALICE);
        from.approve(address(l1Bridge), amount);
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeERC20To(address(from), to, BOB, amount, 300_000, "");
    }
}
