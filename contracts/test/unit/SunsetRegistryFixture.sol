// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SunsetRegistry} from "../../src/pha/sunset/SunsetRegistry.sol";
import {Sunset} from "../../src/pha/sunset/SunsetStatement.sol";
import {ISunsetRegistry, RegistryTerms} from "../../src/pha/sunset/interfaces/ISunsetRegistry.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";

/// @notice What the sunset asks of the system's configuration.
contract SunsetGuardianDouble {
    address public guardian;

    constructor(address guardian_) {
        guardian = guardian_;
    }
}

/// @title SunsetRegistryFixture
/// @notice A registry of statements before the real registry of provers, in which keys of both vendors stand.
abstract contract SunsetRegistryFixture is AdmissionFixture {
    bytes32 internal constant GENESIS = keccak256("parachain");
    bytes32 internal constant ANCHOR = keccak256("authorities");
    uint64 internal constant HEIGHT = 9_064_613;
    uint64 internal constant WINDOW = 7 days;

    SunsetRegistry internal sunsets;
    ISystemConfig internal config;

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.roll(1000);
        _deployFoundations();
        config = ISystemConfig(address(new SunsetGuardianDouble(guardian)));
        _deployAdmission(config);
        _register(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(TDX_GPU_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        _register(SNP_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        sunsets = new SunsetRegistry(_terms());
    }

    function _terms() internal view returns (RegistryTerms memory) {
        return RegistryTerms({
            proverRegistry: registry,
            systemConfig: config,
            minHostVendors: 2,
            genesisHash: GENESIS,
            finalityAnchor: ANCHOR,
            rules: 2,
            registrationsFrom: HEIGHT,
            height: HEIGHT,
            challengePeriod: WINDOW
        });
    }

    function _sunset() internal pure returns (Sunset memory) {
        return Sunset({
            genesisHash: GENESIS,
            height: HEIGHT,
            blockHash: keccak256("block"),
            stateRoot: keccak256("state"),
            claimsRoot: keccak256("claims"),
            issuance: 1_000_000e12,
            claimable: 900_000e12,
            excluded: 100_000e12 - 7,
            rounding: 7
        });
    }

    function _revoke(uint256 key) internal {
        vm.prank(guardian);
        registry.revoke(vm.addr(key));
    }

    function _sign(Sunset memory sunset, uint256 key) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, sunsets.digest(sunset));
        return abi.encodePacked(r, s, v);
    }

    function _signed(Sunset memory sunset, uint256 key, uint256 otherKey)
        internal
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (_sign(sunset, key), _sign(sunset, otherKey));
    }

    function _tooFew(uint256 found) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooFewVendors.selector, 2, found);
    }

    function _doesNotCount(uint256 key) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_KeyDoesNotCount.selector, vm.addr(key));
    }
}
