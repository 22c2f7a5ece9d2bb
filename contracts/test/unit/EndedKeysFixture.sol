// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {Claim} from "../../src/tee/Claim.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";
import {GuardianStub} from "./IntelFixture.sol";

/// @title EndedKeysFixture
/// @notice A registry with two keys of one vendor and one of the other, which a test ends, or has contradict each other.
abstract contract EndedKeysFixture is AdmissionFixture {
    bytes32 internal constant ROOT = keccak256("output");
    bytes32 internal constant OTHER_ROOT = keccak256("other output");

    address internal reporter = account("reporter");
    address internal anyone = account("anyone");
    address internal tdx = vm.addr(TDX_KEY);
    address internal tdx2 = vm.addr(TDX_KEY_2);
    address internal snp = vm.addr(SNP_KEY);

    function setUp() public {
        vm.roll(10_000);
        vm.warp(1_000_000);
        vm.setBlockhash(9_999, keccak256("block 9999"));
        _deployFoundations();
        _deployAdmission(ISystemConfig(address(new GuardianStub(guardian))));
        _register(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(SNP_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
    }

    function _held(address key, uint64 until) internal {
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_BondHeld.selector, key, until));
        registry.returnBond(key);
    }

    function _noBond(address key, IProverRegistry.BondState state) internal {
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_BondState.selector, key, state));
        registry.returnBond(key);
    }

    function _claim(bytes32 root) internal pure returns (Claim memory) {
        return Claim(keccak256("rollup config"), keccak256("head"), keccak256("genesis output"), root, 5);
    }

    function _sign(uint256 key, bytes32 root) internal view returns (bytes memory) {
        return _signClaim(key, _claim(root));
    }

    function _signClaim(uint256 key, Claim memory claim) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.claimDigest(claim));
        return abi.encodePacked(r, s, v);
    }
}
