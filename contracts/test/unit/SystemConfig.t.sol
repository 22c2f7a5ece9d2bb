// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {L1Proxy} from "../../src/deployment/L1Proxy.sol";
import {SystemConfig} from "../../src/settlement/SystemConfig.sol";
import {IAnchorStateRegistry} from "../../src/settlement/interfaces/IAnchorStateRegistry.sol";
import {IResourceMetering} from "../../src/settlement/interfaces/IResourceMetering.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {Vm} from "./Base.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

contract SystemConfigTest is SettlementFixture {
    function test_each_update_has_its_type_and_encoding() public {
        vm.startPrank(owner);
        bytes32 batcher = bytes32(uint256(0xba7c));
        _expect(ISystemConfig.UpdateType.BATCHER, abi.encode(batcher));
        systemConfig.setBatcherHash(batcher);
        uint256 scalar = (uint256(1) << 248) | (uint256(7) << 32) | 5;
        _expect(ISystemConfig.UpdateType.FEE_SCALARS, abi.encode(uint256(0), scalar));
        systemConfig.setGasConfigEcotone(5, 7);
        assertEq(systemConfig.scalar(), scalar);
        _expect(ISystemConfig.UpdateType.GAS_LIMIT, abi.encode(uint64(30_000_000)));
        systemConfig.setGasLimit(30_000_000);
        _expect(ISystemConfig.UpdateType.UNSAFE_BLOCK_SIGNER, abi.encode(account("s")));
        systemConfig.setUnsafeBlockSigner(account("s"));
        _expect(ISystemConfig.UpdateType.EIP_1559_PARAMS, abi.encode((uint256(100) << 32) | 4));
        systemConfig.setEIP1559Params(100, 4);
        _expect(ISystemConfig.UpdateType.OPERATOR_FEE_PARAMS, abi.encode((uint256(9) << 64) | 8));
        systemConfig.setOperatorFeeScalars(9, 8);
        _expect(ISystemConfig.UpdateType.MIN_BASE_FEE, abi.encode(uint64(1e6)));
        systemConfig.setMinBaseFee(1e6);
        _expect(ISystemConfig.UpdateType.DA_FOOTPRINT_GAS_SCALAR, abi.encode(uint16(500)));
        systemConfig.setDAFootprintGasScalar(500);
        assertEq(uint256(systemConfig.daFootprintGasScalar()), 500);
    }

    function test_initialisation_emits_every_type_once() public {
        vm.recordLogs();
        SystemConfig logic = new SystemConfig();
        new L1Proxy(address(logic), owner, abi.encodeCall(SystemConfig.initialize, (_parameters())));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 seen;
        uint256 updates;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != ISystemConfig.ConfigUpdate.selector) continue;
            seen |= 1 << uint256(logs[i].topics[2]);
            ++updates;
        }
        assertEq(updates, 8);
        assertEq(seen, 0xff);
    }

    function test_the_unsafe_block_signer_is_where_nodes_read_it() public view {
        bytes32 slot = 0x65a7ed542fb37fe237fdfbdd70b31598523fe5b32879e307bae27a0bd9581c08;
        assertEq(address(uint160(uint256(vm.load(address(systemConfig), slot)))), account("signer"));
    }

    function test_only_the_owner_sets() public {
        bytes memory reason =
            abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, guardian);
        bytes[9] memory calls = [
            abi.encodeCall(systemConfig.setBatcherHash, (bytes32(uint256(1)))),
            abi.encodeCall(systemConfig.setGasConfigEcotone, (1, 1)),
            abi.encodeCall(systemConfig.setGasLimit, (30_000_000)),
            abi.encodeCall(systemConfig.setUnsafeBlockSigner, (guardian)),
            abi.encodeCall(systemConfig.setEIP1559Params, (1, 1)),
            abi.encodeCall(systemConfig.setOperatorFeeScalars, (1, 1)),
            abi.encodeCall(systemConfig.setMinBaseFee, (1)),
            abi.encodeCall(systemConfig.setDAFootprintGasScalar, (1)),
            abi.encodeCall(systemConfig.setGuardian, (guardian))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(guardian);
            (bool done, bytes memory reverted) = address(systemConfig).call(calls[i]);
            assertFalse(done, "refused");
            assertEq(reverted, reason);
        }
    }

    function test_values_out_of_range_are_refused_by_name() public {
        vm.startPrank(owner);
        uint64 least = systemConfig.minimumGasLimit();
        uint64 most = systemConfig.maximumGasLimit();
        vm.expectRevert(
            abi.encodeWithSelector(ISystemConfig.SystemConfig_GasLimitOutOfRange.selector, least - 1, least, most)
        );
        systemConfig.setGasLimit(least - 1);
        vm.expectRevert(
            abi.encodeWithSelector(ISystemConfig.SystemConfig_GasLimitOutOfRange.selector, most + 1, least, most)
        );
        systemConfig.setGasLimit(most + 1);
        vm.expectRevert(ISystemConfig.SystemConfig_ZeroEip1559Param.selector);
        systemConfig.setEIP1559Params(0, 6);
        vm.expectRevert(ISystemConfig.SystemConfig_ZeroEip1559Param.selector);
        systemConfig.setEIP1559Params(250, 0);
        vm.expectRevert(ISystemConfig.SystemConfig_ZeroAddress.selector);
        systemConfig.setBatcherHash(0);
        vm.expectRevert(ISystemConfig.SystemConfig_ZeroAddress.selector);
        systemConfig.setGuardian(address(0));
    }

    function test_a_resource_config_that_would_divide_by_zero_or_starve_is_refused() public {
        IResourceMetering.ResourceConfig memory config = _parameters().resourceConfig;
        config.elasticityMultiplier = 0;
        _refusedConfig(config);
        config = _parameters().resourceConfig;
        config.baseFeeMaxChangeDenominator = 1;
        _refusedConfig(config);
        config = _parameters().resourceConfig;
        config.maxResourceLimit = 0;
        _refusedConfig(config);
        config = _parameters().resourceConfig;
        config.maximumBaseFee = config.minimumBaseFee - 1;
        _refusedConfig(config);
        config = _parameters().resourceConfig;
        config.maxResourceLimit = 60_000_000;
        _refusedConfig(config);
    }

    function test_pauses_end_by_themselves_and_cannot_be_strung_together() public {
        vm.startPrank(guardian);
        systemConfig.pause();
        uint256 end = block.timestamp + systemConfig.PAUSE_DURATION();
        assertEq(systemConfig.pausedUntil(), end);
        vm.expectRevert(ISystemConfig.SystemConfig_AlreadyPaused.selector);
        systemConfig.pause();
        vm.warp(end - 1);
        assertTrue(systemConfig.paused(), "paused");
        vm.warp(end);
        assertFalse(systemConfig.paused(), "ended");
        uint256 allowedAt = end + systemConfig.PAUSE_COOLDOWN();
        vm.expectRevert(
            abi.encodeWithSelector(ISystemConfig.SystemConfig_PauseCoolingDown.selector, allowedAt)
        );
        systemConfig.pause();
        vm.warp(allowedAt);
        systemConfig.pause();
        systemConfig.unpause();
        assertFalse(systemConfig.paused(), "ended early");
        vm.expectRevert(ISystemConfig.SystemConfig_NotPaused.selector);
        systemConfig.unpause();
    }

    /// @dev Messages that replace him leave L2 as withdrawals do, and he can stop these.
    function test_a_guardian_who_stops_everything_is_none_when_his_term_ends() public {
        uint256 ends = block.timestamp + systemConfig.GUARDIAN_TERM();
        assertTrue(systemConfig.guardianTermEndsAt() <= ends, "a term at most");
        vm.warp(systemConfig.guardianTermEndsAt() - 1);
        assertEq(systemConfig.guardian(), guardian);
        vm.prank(guardian);
        anchors.updateRetirementTimestamp();
        vm.warp(block.timestamp + 1);
        assertEq(systemConfig.guardian(), address(0));
        vm.startPrank(guardian);
        vm.expectRevert(IAnchorStateRegistry.AnchorStateRegistry_Unauthorized.selector);
        anchors.updateRetirementTimestamp();
        vm.expectRevert(abi.encodeWithSelector(ISystemConfig.SystemConfig_Unauthorized.selector, guardian));
        systemConfig.pause();
        vm.stopPrank();
        vm.prank(owner);
        systemConfig.setGuardian(guardian);
        assertEq(systemConfig.guardianTermEndsAt(), block.timestamp + systemConfig.GUARDIAN_TERM());
        vm.prank(guardian);
        systemConfig.pause();
    }

    function test_only_the_guardian_pauses() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(ISystemConfig.SystemConfig_Unauthorized.selector, owner));
        systemConfig.pause();
        vm.prank(guardian);
        systemConfig.pause();
        vm.expectRevert(abi.encodeWithSelector(ISystemConfig.SystemConfig_Unauthorized.selector, address(this)));
        systemConfig.unpause();
        vm.prank(owner);
        systemConfig.unpause();
    }

    function test_initialises_once() public {
        ISystemConfig.Parameters memory parameters = _parameters();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        systemConfig.initialize(parameters);
    }

    function _expect(ISystemConfig.UpdateType updateType, bytes memory data) private {
        vm.expectEmit(address(systemConfig));
        emit ISystemConfig.ConfigUpdate(0, updateType, data);
    }

    function _refusedConfig(IResourceMetering.ResourceConfig memory config) private {
        vm.prank(owner);
        vm.expectRevert(ISystemConfig.SystemConfig_InvalidResourceConfig.selector);
        systemConfig.setResourceConfig(config);
    }
}
