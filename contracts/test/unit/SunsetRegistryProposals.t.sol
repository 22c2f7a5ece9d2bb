// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SunsetRegistry} from "../../src/pha/sunset/SunsetRegistry.sol";
import {Sunset, SunsetLib} from "../../src/pha/sunset/SunsetStatement.sol";
import {ISunsetRegistry, RegistryTerms} from "../../src/pha/sunset/interfaces/ISunsetRegistry.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SunsetRegistryFixture} from "./SunsetRegistryFixture.sol";

/// @notice The digest for any contract, as the contract itself makes it.
contract SunsetDigest {
    function digest(Sunset memory sunset, address where, bytes32 settings) external view returns (bytes32) {
        return SunsetLib.digest(sunset, where, settings);
    }
}

/// @title SunsetRegistryProposalsTest
/// @notice Who can propose a statement, and what can be proposed.
contract SunsetRegistryProposalsTest is SunsetRegistryFixture {
    // ---- who can propose

    function test_one_vendor_with_all_its_keys_is_too_few() public {
        Sunset memory sunset = _sunset();
        bytes[] memory signatures = new bytes[](3);
        signatures[0] = _sign(sunset, TDX_KEY);
        signatures[1] = _sign(sunset, TDX_KEY_2);
        signatures[2] = _sign(sunset, TDX_GPU_KEY);
        _refused(sunset, signatures, _tooFew(1));
        _refused(sunset, new bytes[](0), _tooFew(0));
    }

    function test_the_same_key_twice_is_refused() public {
        Sunset memory sunset = _sunset();
        _refused(
            sunset,
            _signed(sunset, TDX_KEY, TDX_KEY),
            abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_DuplicateKey.selector, vm.addr(TDX_KEY))
        );
    }

    function test_keys_that_do_not_count_are_refused() public {
        Sunset memory sunset = _sunset();
        _refused(sunset, _signed(sunset, TDX_KEY, NEW_KEY), _doesNotCount(NEW_KEY));
        _revoke(SNP_KEY);
        _refused(sunset, _signed(sunset, TDX_KEY, SNP_KEY), _doesNotCount(SNP_KEY));
        vm.warp(block.timestamp + KEY_LIFETIME);
        _refused(sunset, _signed(sunset, TDX_KEY, TDX_KEY_2), _doesNotCount(TDX_KEY));
    }

    function test_a_nullified_vendor_does_not_count() public {
        Sunset memory sunset = _sunset();
        vm.prank(guardian);
        attestationPolicy.nullifyVendor(IProverRegistry.HostVendor.AMD);
        _refused(sunset, _signed(sunset, TDX_KEY, SNP_KEY), _doesNotCount(SNP_KEY));
    }

    function test_signatures_are_canonical() public {
        Sunset memory sunset = _sunset();
        bytes[] memory signatures = _signed(sunset, TDX_KEY, SNP_KEY);
        bytes memory good = signatures[1];
        bytes memory wanted = abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidSignature.selector, 1);
        signatures[1] = _malleated(good);
        _refused(sunset, signatures, wanted);
        signatures[1] = bytes.concat(good, hex"00");
        _refused(sunset, signatures, wanted);
        signatures[1] = "";
        _refused(sunset, signatures, wanted);
    }

    function test_signatures_are_bounded() public {
        Sunset memory sunset = _sunset();
        _refused(
            sunset,
            new bytes[](9),
            abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooManySignatures.selector, 8, 9)
        );
    }

    function test_a_signature_serves_one_contract_chain_settings_and_statement() public {
        Sunset memory sunset = _sunset();
        bytes[] memory signatures = _signed(sunset, TDX_KEY, SNP_KEY);
        RegistryTerms memory terms = _terms();
        SunsetRegistry elsewhere = new SunsetRegistry(terms);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_KeyDoesNotCount.selector);
        elsewhere.propose(sunset, signatures);
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_KeyDoesNotCount.selector);
        sunsets.propose(sunset, signatures);
        vm.chainId(chain);
        sunset.claimsRoot = keccak256("mine");
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_KeyDoesNotCount.selector);
        sunsets.propose(sunset, signatures);
        SunsetDigest digests = new SunsetDigest();
        bytes32 found = digests.digest(sunset, address(sunsets), keccak256("other settings"));
        assertTrue(found != sunsets.digest(sunset), "the settings are signed");
    }

    // ---- what can be proposed

    function test_another_chain_or_height_is_refused() public {
        Sunset memory sunset = _sunset();
        sunset.genesisHash = keccak256("other");
        _refusedStatement(
            sunset,
            abi.encodeWithSelector(
                ISunsetRegistry.SunsetRegistry_OtherGenesis.selector, GENESIS, keccak256("other")
            )
        );
        sunset = _sunset();
        sunset.height = HEIGHT + 1;
        _refusedStatement(
            sunset,
            abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_OtherHeight.selector, HEIGHT, HEIGHT + 1)
        );
    }

    function test_zero_roots_and_hashes_are_refused() public {
        bytes memory wanted = abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_ZeroHash.selector);
        for (uint256 i = 0; i < 3; ++i) {
            Sunset memory sunset = _sunset();
            if (i == 0) sunset.claimsRoot = 0;
            if (i == 1) sunset.stateRoot = 0;
            if (i == 2) sunset.blockHash = 0;
            _refusedStatement(sunset, wanted);
        }
    }

    function testFuzz_amounts_are_conserved(uint256 claimable, uint256 excluded, uint256 rounding, uint256 issuance)
        public
    {
        Sunset memory sunset = _sunset();
        sunset.claimable = claimable;
        sunset.excluded = excluded;
        sunset.rounding = rounding;
        sunset.issuance = issuance;
        uint256 most = type(uint128).max;
        bool sound = claimable != 0 && claimable <= most && excluded <= most && rounding <= most
            && issuance <= most && claimable + excluded + rounding == issuance;
        assertFalse(sound, "a sum by chance");
        _refusedStatement(sunset, abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidAmounts.selector));
    }

    function test_amounts_that_overflow_or_claim_nothing_are_refused() public {
        bytes memory wanted = abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidAmounts.selector);
        Sunset memory sunset = _sunset();
        (sunset.claimable, sunset.excluded, sunset.rounding) = (type(uint256).max, 2, sunset.issuance - 1);
        _refusedStatement(sunset, wanted);
        sunset = _sunset();
        (sunset.claimable, sunset.excluded, sunset.rounding) = (0, sunset.issuance, 0);
        _refusedStatement(sunset, wanted);
    }

    // ---- construction, and the digest

    function test_terms_are_checked() public {
        RegistryTerms memory terms = _terms();
        terms.proverRegistry = IProverRegistry(address(0));
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_ZeroAddress.selector));
        terms = _terms();
        terms.systemConfig = ISystemConfig(address(0));
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_ZeroAddress.selector));
        terms = _terms();
        terms.minHostVendors = 1;
        _refusedTerms(
            terms, abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidHostVendors.selector, 1)
        );
        terms.minHostVendors = 3;
        _refusedTerms(
            terms, abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidHostVendors.selector, 3)
        );
        terms = _terms();
        terms.genesisHash = 0;
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_ZeroHash.selector));
        terms = _terms();
        terms.registrationsFrom = HEIGHT + 1;
        _refusedTerms(
            terms,
            abi.encodeWithSelector(
                ISunsetRegistry.SunsetRegistry_InvalidRegistrations.selector, HEIGHT + 1, HEIGHT
            )
        );
        terms = _terms();
        terms.challengePeriod = 0;
        _refusedTerms(
            terms, abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidChallengePeriod.selector, 0)
        );
        terms.challengePeriod = 30 days + 1;
        _refusedTerms(
            terms,
            abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidChallengePeriod.selector, 30 days + 1)
        );
    }

    function test_digest_equals_the_shared_vectors() public {
        string memory json = vm.readFile("./protocol/vectors/sunset-statement.json");
        SunsetDigest digests = new SunsetDigest();
        uint256 chain = block.chainid;
        uint256 count;
        for (; vm.keyExistsJson(json, _path(count, ".digest")); ++count) {
            uint256 chainId = vm.parseJsonUint(json, _path(count, ".chainId"));
            // The runner takes chain ids up to u64.
            if (chainId > type(uint64).max) continue;
            vm.chainId(chainId);
            bytes32 found = digests.digest(
                _vector(json, count),
                vm.parseJsonAddress(json, _path(count, ".contract")),
                vm.parseJsonBytes32(json, _path(count, ".settingsHash"))
            );
            vm.chainId(chain);
            assertEq(
                SunsetLib.settingsHash(
                    vm.parseJsonBytes32(json, _path(count, ".finalityAnchor")),
                    uint32(vm.parseJsonUint(json, _path(count, ".rules"))),
                    uint64(vm.parseJsonUint(json, _path(count, ".registrationsFrom")))
                ),
                vm.parseJsonBytes32(json, _path(count, ".settingsHash"))
            );
            assertEq(found, vm.parseJsonBytes32(json, _path(count, ".digest")));
        }
        assertTrue(count > 1, "the file has vectors");
    }

    function _vector(string memory json, uint256 index) private pure returns (Sunset memory sunset) {
        sunset.genesisHash = vm.parseJsonBytes32(json, _path(index, ".genesisHash"));
        sunset.height = uint64(vm.parseJsonUint(json, _path(index, ".height")));
        sunset.blockHash = vm.parseJsonBytes32(json, _path(index, ".blockHash"));
        sunset.stateRoot = vm.parseJsonBytes32(json, _path(index, ".stateRoot"));
        sunset.claimsRoot = vm.parseJsonBytes32(json, _path(index, ".claimsRoot"));
        sunset.issuance = vm.parseJsonUint(json, _path(index, ".issuance"));
        sunset.claimable = vm.parseJsonUint(json, _path(index, ".claimable"));
        sunset.excluded = vm.parseJsonUint(json, _path(index, ".excluded"));
        sunset.rounding = vm.parseJsonUint(json, _path(index, ".rounding"));
    }

    function _path(uint256 index, string memory field) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(index), "]", field);
    }

    /// @dev The same signature with the other s and v: valid to the precompile, and to nothing here.
    function _malleated(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = (_word(signature, 0), _word(signature, 32));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        uint8 v = uint8(signature[64]) == 27 ? 28 : 27;
        return abi.encodePacked(r, bytes32(order - uint256(s)), v);
    }

    function _word(bytes memory data, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }

    function _refused(Sunset memory sunset, bytes[] memory signatures, bytes memory reason) private {
        vm.expectRevert(reason);
        sunsets.propose(sunset, signatures);
    }

    function _refusedStatement(Sunset memory sunset, bytes memory reason) private {
        _refused(sunset, _signed(sunset, TDX_KEY, SNP_KEY), reason);
    }

    function _refusedTerms(RegistryTerms memory terms, bytes memory reason) private {
        vm.expectRevert(reason);
        new SunsetRegistry(terms);
    }
}
