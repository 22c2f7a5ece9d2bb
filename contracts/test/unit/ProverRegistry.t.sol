// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {L1Proxy} from "../../src/deployment/L1Proxy.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {Claim} from "../../src/tee/Claim.sol";
import {ProverRegistry} from "../../src/tee/ProverRegistry.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

contract ProverRegistryTest is SettlementFixture {
    uint256 private constant SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 private constant NEW_KEY = 0xabc;

    function test_verify_names_signer_vendor_and_gpu() public view {
        Claim memory claim = _sample();
        (address key, IProverRegistry.HostVendor vendor, bool gpu) =
            registry.verify(claim, _signature(TDX_GPU_KEY, claim));
        assertEq(key, vm.addr(TDX_GPU_KEY));
        assertTrue(vendor == IProverRegistry.HostVendor.INTEL && gpu, "TDX with GPU is Intel's, with a GPU");
        (, vendor, gpu) = registry.verify(claim, _signature(SNP_KEY, claim));
        assertTrue(vendor == IProverRegistry.HostVendor.AMD && !gpu, "SEV-SNP is AMD's, without a GPU");
    }

    function test_digest_equals_the_shared_vectors() public {
        string memory json = vm.readFile("./protocol/vectors/claim.json");
        uint256 count;
        for (; vm.keyExistsJson(json, _path(count, ".digest")); ++count) {
            uint256 chainId = vm.parseJsonUint(json, _path(count, ".chainId"));
            address where = vm.parseJsonAddress(json, _path(count, ".verifyingContract"));
            Claim memory claim = Claim({
                rollupConfigHash: vm.parseJsonBytes32(json, _path(count, ".rollupConfigHash")),
                l1Head: vm.parseJsonBytes32(json, _path(count, ".l1Head")),
                previousOutputRoot: vm.parseJsonBytes32(json, _path(count, ".previousOutputRoot")),
                outputRoot: vm.parseJsonBytes32(json, _path(count, ".outputRoot")),
                l2BlockNumber: uint64(vm.parseJsonUint(json, _path(count, ".l2BlockNumber")))
            });
            bytes32 wanted = vm.parseJsonBytes32(json, _path(count, ".digest"));
            assertEq(_digestAt(chainId, where, claim), wanted);
        }
        assertTrue(count != 0, "the file has vectors");
    }

    function test_only_registered_keys_have_a_beneficiary() public view {
        assertEq(registry.beneficiaryOf(vm.addr(TDX_KEY)), vm.addr(TDX_KEY));
        assertEq(registry.beneficiaryOf(vm.addr(NEW_KEY)), address(0));
    }

    function test_verify_refuses_an_unknown_key() public {
        Claim memory claim = _sample();
        _refused(claim, _signature(NEW_KEY, claim), _unknown(vm.addr(NEW_KEY)));
    }

    function test_verify_refuses_a_revoked_key_at_once() public {
        Claim memory claim = _sample();
        bytes memory signature = _signature(TDX_KEY, claim);
        vm.prank(owner);
        registry.revoke(vm.addr(TDX_KEY));
        bytes memory reason =
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_RevokedKey.selector, vm.addr(TDX_KEY));
        _refused(claim, signature, reason);
        assertTrue(registry.isRegistered(vm.addr(TDX_KEY)), "was registered");
        assertFalse(registry.isValid(vm.addr(TDX_KEY)), "is not valid");
    }

    function test_revoking_a_measurement_kills_each_of_its_keys() public {
        vm.prank(guardian);
        registry.revokeMeasurement(TDX_IMAGE);
        assertFalse(registry.isValid(vm.addr(TDX_KEY)), "first key");
        assertFalse(registry.isValid(vm.addr(TDX_KEY_2)), "second key");
        assertTrue(registry.isValid(vm.addr(TDX_GPU_KEY)), "another image lives");
        Claim memory claim = _sample();
        bytes memory signature = _signature(TDX_KEY_2, claim);
        _refused(
            claim,
            signature,
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_RevokedMeasurement.selector, TDX_IMAGE)
        );
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_RevokedMeasurement.selector, TDX_IMAGE));
        registry.register(vm.addr(NEW_KEY), IProverRegistry.Kind.TDX, TDX_IMAGE, expiry, true);
    }

    function test_verify_refuses_a_key_from_its_expiry_on() public {
        Claim memory claim = _sample();
        bytes memory signature = _signature(TDX_KEY, claim);
        vm.warp(expiry - 1);
        registry.verify(claim, signature);
        vm.warp(expiry);
        bytes memory reason =
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_ExpiredKey.selector, vm.addr(TDX_KEY), expiry);
        _refused(claim, signature, reason);
        assertFalse(registry.isValid(vm.addr(TDX_KEY)), "expired");
    }

    function test_verify_refuses_another_chain_registry_and_claim() public {
        Claim memory claim = _sample();
        bytes memory signature = _signature(TDX_KEY, claim);
        ProverRegistry other = ProverRegistry(
            address(
                new L1Proxy(
                    address(new ProverRegistry()),
                    owner,
                    abi.encodeCall(ProverRegistry.initialize, (owner, ISystemConfig(systemConfig), true))
                )
            )
        );
        vm.prank(owner);
        other.register(vm.addr(TDX_KEY), IProverRegistry.Kind.TDX, TDX_IMAGE, expiry, true);
        vm.expectRevert();
        other.verify(claim, signature);

        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        vm.expectRevert();
        registry.verify(claim, signature);
        vm.chainId(chain);
        registry.verify(claim, signature);

        claim.l2BlockNumber += 1;
        vm.expectRevert();
        registry.verify(claim, signature);
    }

    function test_verify_refuses_malleable_short_long_and_empty_signatures() public {
        Claim memory claim = _sample();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(TDX_KEY, registry.claimDigest(claim));
        bytes memory reason = abi.encodeWithSelector(IProverRegistry.ProverRegistry_InvalidSignature.selector);
        _refused(claim, abi.encodePacked(r, bytes32(SECP256K1_ORDER - uint256(s)), v == 27 ? 28 : 27), reason);
        _refused(claim, abi.encodePacked(r, s, uint8(v - 27)), reason);
        _refused(claim, abi.encodePacked(r, s), reason);
        _refused(claim, abi.encodePacked(r, s, v, v), reason);
        _refused(claim, "", reason);
        _refused(claim, new bytes(65), reason);
    }

    function test_only_the_owner_registers() public {
        vm.prank(guardian);
        vm.expectRevert(
            abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, guardian)
        );
        registry.register(vm.addr(NEW_KEY), IProverRegistry.Kind.TDX, TDX_IMAGE, expiry, true);
    }

    function test_only_owner_and_guardian_revoke() public {
        address key = vm.addr(TDX_KEY);
        bytes memory reason =
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, address(this));
        vm.expectRevert(reason);
        registry.revoke(key);
        vm.expectRevert(reason);
        registry.revokeMeasurement(TDX_IMAGE);
        vm.prank(guardian);
        registry.revoke(key);
    }

    function test_register_refuses_bad_arguments_by_name() public {
        address key = vm.addr(NEW_KEY);
        vm.startPrank(owner);
        vm.expectRevert(IProverRegistry.ProverRegistry_ZeroKey.selector);
        registry.register(address(0), IProverRegistry.Kind.TDX, TDX_IMAGE, expiry, true);
        vm.expectRevert(IProverRegistry.ProverRegistry_UnknownKind.selector);
        registry.register(key, IProverRegistry.Kind.NONE, TDX_IMAGE, expiry, true);
        vm.expectRevert(IProverRegistry.ProverRegistry_ZeroMeasurement.selector);
        registry.register(key, IProverRegistry.Kind.TDX, 0, expiry, true);
        uint64 now_ = uint64(block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_InvalidExpiry.selector, now_));
        registry.register(key, IProverRegistry.Kind.TDX, TDX_IMAGE, now_, true);
        uint64 never = type(uint64).max;
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_InvalidExpiry.selector, never));
        registry.register(key, IProverRegistry.Kind.TDX, TDX_IMAGE, never, true);
    }

    function test_a_key_is_registered_once_even_after_revocation() public {
        address key = vm.addr(TDX_KEY);
        vm.startPrank(owner);
        registry.revoke(key);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_AlreadyRegistered.selector, key));
        registry.register(key, IProverRegistry.Kind.TDX, GPU_IMAGE, expiry, true);
    }

    function test_a_production_registry_refuses_simulated_provers() public {
        bytes memory initialization =
            abi.encodeCall(ProverRegistry.initialize, (owner, ISystemConfig(systemConfig), false));
        ProverRegistry production =
            ProverRegistry(address(new L1Proxy(address(new ProverRegistry()), owner, initialization)));
        address key = vm.addr(NEW_KEY);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_SimulatedProver.selector, key));
        production.register(key, IProverRegistry.Kind.TDX, TDX_IMAGE, expiry, true);
        production.register(key, IProverRegistry.Kind.TDX, TDX_IMAGE, expiry, false);
    }

    function test_equivocation_revokes_the_key_for_anyone_who_shows_it() public {
        Claim memory claim = _sample();
        Claim memory other = _sample();
        other.outputRoot = OTHER_ROOT;
        bytes memory first = _signature(TDX_KEY, claim);
        bytes memory second = _signature(TDX_KEY, other);
        bytes memory foreign = _signature(SNP_KEY, other);
        vm.expectRevert(IProverRegistry.ProverRegistry_NoEquivocation.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, foreign);
        vm.expectRevert(IProverRegistry.ProverRegistry_NoEquivocation.selector);
        registry.reportEquivocation(claim, first, ROOT, first);
        vm.prank(account("anyone"));
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
        assertFalse(registry.isValid(vm.addr(TDX_KEY)), "revoked");
        assertTrue(registry.isValid(vm.addr(SNP_KEY)), "the other lives");
    }

    function test_initialises_once_and_never_the_implementation() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        registry.initialize(address(this), ISystemConfig(systemConfig), true);
        ProverRegistry logic = new ProverRegistry();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        logic.initialize(address(this), ISystemConfig(systemConfig), true);
    }

    function testFuzz_a_changed_claim_never_verifies_as_the_signer(uint256 seed, uint8 field) public view {
        Claim memory claim = _sample();
        bytes memory signature = _signature(TDX_KEY, claim);
        bytes32 changed = keccak256(abi.encode(seed));
        field = field % 5;
        if (field == 0) claim.rollupConfigHash = changed;
        if (field == 1) claim.l1Head = changed;
        if (field == 2) claim.previousOutputRoot = changed;
        if (field == 3) claim.outputRoot = changed;
        if (field == 4) claim.l2BlockNumber = uint64(bound(seed, 6, type(uint64).max));
        (bool accepted,) = address(registry).staticcall(abi.encodeCall(registry.verify, (claim, signature)));
        assertFalse(accepted, "refused");
    }

    function _unknown(address key) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IProverRegistry.ProverRegistry_UnknownKey.selector, key);
    }

    function _refused(Claim memory claim, bytes memory signature, bytes memory reason) private {
        vm.expectRevert(reason);
        registry.verify(claim, signature);
    }

    function _sample() private pure returns (Claim memory) {
        return _claim(keccak256("head"), GENESIS_ROOT, ROOT, 5);
    }

    function _path(uint256 index, string memory rest) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(index), "]", rest);
    }

    /// @dev Etched code has no storage: the lock that the constructor sets stays behind, and it can be initialised.
    ///      The digest of a registry that stands at `where` on chain `chainId`.
    function _digestAt(uint256 chainId, address where, Claim memory claim) private returns (bytes32) {
        uint256 chain = block.chainid;
        if (where.code.length == 0) {
            vm.etch(where, address(new ProverRegistry()).code);
            ProverRegistry(where).initialize(owner, ISystemConfig(systemConfig), true);
        }
        vm.chainId(chainId);
        bytes32 digest = ProverRegistry(where).claimDigest(claim);
        vm.chainId(chain);
        return digest;
    }
}
