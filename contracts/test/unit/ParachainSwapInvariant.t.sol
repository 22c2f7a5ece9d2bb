// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Release} from "../../src/pha/swap/Release.sol";
import {SwapFixture} from "./SwapFixture.sol";

/// @title ParachainSwapInvariantTest
/// @notice Deposits of any size are released in any order, again and again, with contents that differ; keys end, the
///         guardian pauses, time passes, funds come late. What is paid is what distinct deposits are worth, and no more.
contract ParachainSwapInvariantTest is SwapFixture {
    uint32 private constant DEPOSITS = 12;

    mapping(uint32 number => uint256) private _planck;
    mapping(uint32 number => uint256) private _paid;
    /// @dev All that were ever named; a release is judged by any of them.
    bytes32[] private _ever;
    uint256 private _startedAt;
    uint256 private _funded;
    uint256 private _pausedAt;

    function setUp() public override {
        super.setUp();
        _ever.push(settings);
        _startedAt = block.timestamp;
        _funded = FUNDED;
        for (uint32 i = 0; i < DEPOSITS; ++i) {
            // From one planck to several limits.
            _planck[i] = uint256(keccak256(abi.encode(i))) % (10 ** (1 + i)) * PHA / 1e8 + 1;
        }
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function actRelease(uint32 number, uint8 keys, uint8 by) external {
        number = uint32(bound(number, 0, DEPOSITS - 1));
        settings = _ever[by % _ever.length];
        Release memory deposit = _deposit(number, _planck[number]);
        bytes[] memory signatures =
            keys % 4 == 0 ? _signed(deposit, TDX_KEY, TDX_KEY_2) : _signed(deposit, TDX_KEY, SNP_KEY);
        try swap.release(deposit, settings, signatures) returns (uint256 amount) {
            assertTrue(keys % 4 != 0, "one vendor released");
            assertTrue(!swap.paused(), "released in a pause");
            _paid[number] += amount;
        } catch {}
    }

    /// @dev The parachain was upgraded in the middle of it all, and governance names the runtime; or somebody else tries.
    function actNameRuntime(bool isGovernance) external {
        uint32 count = uint32(_ever.length) + 1;
        if (count > 4) return;
        if (isGovernance) {
            _ever.push(_nameRuntimes(count));
            return;
        }
        try swap.nameRuntimes(_runtimes(count)) {
            assertTrue(false, "a stranger named a runtime");
        } catch {}
    }

    /// @dev Each vendor judges by settings of its own, both of them named; or both by settings that nobody has named.
    function actReleaseMixed(uint32 number, bool isNamed, uint8 by) external {
        number = uint32(bound(number, 0, DEPOSITS - 1));
        Release memory deposit = _deposit(number, _planck[number]);
        bytes32 given = _settingsOf(_runtimes(9));
        bytes[] memory signatures = _signedBy(given, deposit);
        if (isNamed) {
            if (_ever.length < 2) return;
            given = _ever[by % _ever.length];
            signatures = _signedBy(given, deposit);
            signatures[by % 2] = _signBy(_ever[(uint256(by) + 1) % _ever.length], deposit, by % 2 == 0 ? TDX_KEY : SNP_KEY);
        }
        try swap.release(deposit, given, signatures) {
            assertTrue(false, "paid by signatures that do not add up");
        } catch {}
    }

    /// @dev The same event, about which valid keys say something else.
    function actReleaseOtherwise(uint32 number, uint128 planck, uint8 field) external {
        number = uint32(bound(number, 0, DEPOSITS - 1));
        if (_paid[number] == 0) return;
        Release memory deposit = _deposit(number, _planck[number]);
        if (field % 3 == 0) deposit.blockHash = keccak256("fork");
        else if (field % 3 == 1) deposit.receiver = relayer;
        else deposit.planck = bound(planck, _planck[number] + 1, uint256(_planck[number]) * 2 + 1);
        try swap.release(deposit, settings, _signed(deposit)) {
            assertTrue(false, "paid by another content");
        } catch {}
    }

    function actWait(uint32 time) external {
        vm.warp(block.timestamp + uint256(keccak256(abi.encode(time))) % 2 days);
    }

    function actPause() external {
        vm.prank(guardian);
        try swap.pause() {
            _pausedAt = block.timestamp;
        } catch {}
    }

    function actUnpause() external {
        vm.prank(guardian);
        try swap.unpause() {} catch {}
    }

    function actFund(uint96 amount) external {
        uint256 held = pha.balanceOf(address(this));
        if (held == 0) return;
        uint256 given = bound(amount, 1, held);
        _funded += given;
        pha.transfer(address(swap), given);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_released_is_the_worth_of_distinct_deposits() public view {
        uint256 sum;
        for (uint32 i = 0; i < DEPOSITS; ++i) {
            uint256 paid = swap.paidOf(_id(_deposit(i, _planck[i])));
            assertEq(paid, _paid[i]);
            assertTrue(paid <= _planck[i] * 1e6, "more than the deposit");
            sum += paid;
        }
        assertEq(swap.totalReleased(), sum);
        assertEq(pha.balanceOf(receiver), sum);
        assertEq(pha.balanceOf(relayer), 0);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_what_was_named_is_accepted_for_ever() public view {
        for (uint256 i = 0; i < _ever.length; ++i) {
            assertTrue(swap.accepts(_ever[i]), "taken back");
        }
        assertFalse(swap.accepts(_settingsOf(_runtimes(9))), "named by nobody");
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_funded_is_released_and_held() public view {
        assertEq(_funded, swap.totalReleased() + pha.balanceOf(address(swap)));
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_the_limit_holds() public view {
        uint256 most = PER_DAY + PER_DAY * (block.timestamp - _startedAt) / 1 days;
        assertTrue(swap.totalReleased() <= most, "above the limit");
        assertTrue(swap.available() <= PER_DAY, "more available than the limit");
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_a_pause_is_never_longer_than_its_period() public view {
        if (swap.paused()) assertTrue(swap.pausedUntil() <= _pausedAt + swap.PAUSE_PERIOD(), "endless pause");
    }
}
