// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {L1Proxy} from "../../src/deployment/L1Proxy.sol";
import {Claim} from "../../src/tee/Claim.sol";
import {ProverRegistry} from "../../src/tee/ProverRegistry.sol";
import {IAttestationPolicy} from "../../src/tee/interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice Which signatures of claims count.
contract ProverRegistryTest is SettlementFixture {
    uint256 private constant SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /// @dev What a registry may take of a proof's gas: `docs/spec/attestation-gas.md`.
    uint256 private constant VERIFY_GAS = 35_000;

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

    function test_registration_digest_equals_the_shared_vectors() public {
        string memory json = vm.readFile("./protocol/vectors/evidence-binding.json");
        uint256 chain = block.chainid;
        uint256 count;
        for (; vm.keyExistsJson(json, _path(count, ".registrationDigest")); ++count) {
            address where = vm.parseJsonAddress(json, _path(count, ".registry"));
            vm.etch(where, address(new ProverRegistry(_dependencies(systemConfig))).code);
            vm.chainId(vm.parseJsonUint(json, _path(count, ".chainId")));
            bytes32 found = ProverRegistry(where).registrationDigest(
                vm.parseJsonAddress(json, _path(count, ".beneficiary")),
                uint64(vm.parseJsonUint(json, _path(count, ".policyVersion"))),
                vm.parseJsonBytes32(json, _path(count, ".l1BlockHash"))
            );
            vm.chainId(chain);
            assertEq(found, vm.parseJsonBytes32(json, _path(count, ".registrationDigest")));
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
        _refused(
            claim,
            signature,
            abi.encodeWithSelector(
                IProverRegistry.ProverRegistry_EndedKey.selector, vm.addr(TDX_KEY), IProverRegistry.Ending.REVOKED
            )
        );
        assertTrue(registry.isRegistered(vm.addr(TDX_KEY)), "was registered");
        assertFalse(registry.isValid(vm.addr(TDX_KEY)), "is not valid");
    }

    function test_removing_a_measurement_kills_each_of_its_keys_in_the_same_block() public {
        Claim memory claim = _sample();
        bytes memory signature = _signature(TDX_KEY_2, claim);
        registry.verify(claim, signature);
        vm.prank(guardian);
        attestationPolicy.removeMeasurement(TDX_IMAGE);
        assertFalse(registry.isValid(vm.addr(TDX_KEY)), "first key");
        assertFalse(registry.isValid(vm.addr(TDX_KEY_2)), "second key");
        assertTrue(registry.isValid(vm.addr(TDX_GPU_KEY)), "another image lives");
        _notAllowed(TDX_KEY_2, IAttestationPolicy.Standing.MEASUREMENT_NOT_ACCEPTED);
        vm.prank(owner);
        attestationPolicy.acceptMeasurement(TDX_IMAGE, IProverRegistry.Kind.TDX, false);
        _notAllowed(TDX_KEY_2, IAttestationPolicy.Standing.MEASUREMENT_NOT_ACCEPTED);
        _register(NEW_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        assertTrue(registry.isValid(vm.addr(NEW_KEY)), "a new key of it");
    }

    function test_nullifying_a_vendor_kills_its_keys_with_and_without_gpus() public {
        vm.prank(guardian);
        attestationPolicy.nullifyVendor(IProverRegistry.HostVendor.INTEL);
        _notAllowed(TDX_KEY, IAttestationPolicy.Standing.VENDOR_NULLIFIED);
        _notAllowed(TDX_GPU_KEY, IAttestationPolicy.Standing.VENDOR_NULLIFIED);
        assertTrue(registry.isValid(vm.addr(SNP_KEY)), "AMD's lives");
    }

    function test_denying_a_platform_kills_its_keys() public {
        vm.prank(guardian);
        attestationPolicy.setPlatformDenied(_platform(TDX_KEY), true);
        _notAllowed(TDX_KEY, IAttestationPolicy.Standing.PLATFORM_DENIED);
        assertTrue(registry.isValid(vm.addr(TDX_KEY_2)), "on another platform");
    }

    function test_a_rule_that_no_proof_asks_again_kills_every_older_key() public {
        vm.prank(guardian);
        attestationPolicy.setKeyLifetime(1 days);
        _notAllowed(TDX_KEY, IAttestationPolicy.Standing.VERSION_OUTDATED);
        _notAllowed(SNP_KEY, IAttestationPolicy.Standing.VERSION_OUTDATED);
    }

    function test_a_higher_minimum_of_one_vendor_kills_its_older_keys_alone() public {
        vm.prank(guardian);
        attestationPolicy.setMinimumTcbEvaluation(EVALUATION + 1);
        _notAllowed(TDX_KEY, IAttestationPolicy.Standing.VERSION_OUTDATED);
        _notAllowed(TDX_GPU_KEY, IAttestationPolicy.Standing.VERSION_OUTDATED);
        assertTrue(registry.isValid(vm.addr(SNP_KEY)), "AMD's lives");
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
                    address(new ProverRegistry(_dependencies(systemConfig))),
                    owner,
                    abi.encodeCall(ProverRegistry.initialize, (owner))
                )
            )
        );
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_UnknownKey.selector);
        other.verify(claim, signature);

        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_UnknownKey.selector);
        registry.verify(claim, signature);
        vm.chainId(chain);
        registry.verify(claim, signature);

        claim.l2BlockNumber += 1;
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_UnknownKey.selector);
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

    function test_verifying_takes_little_gas() public view {
        Claim memory claim = _sample();
        bytes memory signature = _signature(TDX_KEY, claim);
        uint256 before = gasleft();
        registry.verify(claim, signature);
        assertTrue(before - gasleft() <= VERIFY_GAS, "warm");
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

    function _notAllowed(uint256 key, IAttestationPolicy.Standing standing) private {
        Claim memory claim = _sample();
        bytes memory signature = _signature(key, claim);
        assertFalse(registry.isValid(vm.addr(key)), "not valid");
        _refused(
            claim,
            signature,
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_KeyNotAllowed.selector, vm.addr(key), standing)
        );
    }

    function _sample() private pure returns (Claim memory) {
        return _claim(keccak256("head"), GENESIS_ROOT, ROOT, 5);
    }

    function _path(uint256 index, string memory rest) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(index), "]", rest);
    }

    /// @dev The digest of a registry that stands at `where` on chain `chainId`.
    function _digestAt(uint256 chainId, address where, Claim memory claim) private returns (bytes32) {
        uint256 chain = block.chainid;
        if (where.code.length == 0) {
            vm.etch(where, address(new ProverRegistry(_dependencies(systemConfig))).code);
        }
        vm.chainId(chainId);
        bytes32 digest = ProverRegistry(where).claimDigest(claim);
        vm.chainId(chain);
        return digest;
    }
}
