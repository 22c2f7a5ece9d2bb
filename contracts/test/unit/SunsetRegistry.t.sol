// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SunsetRegistry} from "../../src/pha/sunset/SunsetRegistry.sol";
import {Sunset, SunsetLib} from "../../src/pha/sunset/SunsetStatement.sol";
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

/// @notice The digest for any contract, as the contract itself makes it.
contract SunsetDigest {
    function digest(Sunset memory sunset, address where, bytes32 settings) external view returns (bytes32) {
        return SunsetLib.digest(sunset, where, settings);
    }
}

/// @title SunsetRegistryTest
/// @notice How a statement becomes final, and everything that keeps one from it.
contract SunsetRegistryTest is AdmissionFixture {
    bytes32 private constant GENESIS = keccak256("parachain");
    bytes32 private constant ANCHOR = keccak256("authorities");
    uint64 private constant HEIGHT = 9_064_613;
    uint64 private constant WINDOW = 7 days;

    SunsetRegistry private sunsets;
    ISystemConfig private config;

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

    function test_two_vendors_word_is_final_after_the_period() public {
        Sunset memory sunset = _sunset();
        vm.expectEmit(address(sunsets));
        emit ISunsetRegistry.Proposed(
            SunsetLib.structHash(sunset), sunset.claimsRoot, sunset, block.timestamp + WINDOW
        );
        sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
        assertTrue(sunsets.status() == ISunsetRegistry.Status.PROPOSED, "proposed");
        vm.warp(block.timestamp + WINDOW - 1);
        uint256 finalAt = sunsets.finalAt();
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooEarly.selector, finalAt));
        sunsets.finalize(new bytes[](0));
        _notFinal();
        vm.warp(block.timestamp + 1);
        vm.prank(operator);
        sunsets.finalize(new bytes[](0));
        assertEq(sunsets.finalClaimsRoot(), sunset.claimsRoot);
        assertEq(SunsetLib.structHash(sunsets.finalSunset()), SunsetLib.structHash(sunset));
        assertEq(sunsets.finalizedAt(), block.timestamp);
        (, address[] memory keys) = sunsets.proposal();
        assertEq(keys.length, 2);
    }

    function test_what_is_final_cannot_be_touched_by_anybody() public {
        Sunset memory sunset = _final();
        Sunset memory other = _other();
        bytes[] memory signatures = _signed(other, TDX_KEY, SNP_KEY);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_AlreadyFinal.selector);
        sunsets.propose(other, signatures);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.contradict(other, signatures[0]);
        vm.prank(guardian);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.freeze();
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.finalize(new bytes[](0));
        // The end of every key changes nothing any more.
        _revoke(TDX_KEY);
        _revoke(SNP_KEY);
        assertEq(sunsets.finalClaimsRoot(), sunset.claimsRoot);
    }

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

    // ---- what voids a proposal

    function test_one_valid_key_that_contradicts_voids() public {
        Sunset memory sunset = _proposed();
        Sunset memory other = _other();
        bytes memory signature = _sign(other, TDX_KEY_2);
        vm.expectEmit(address(sunsets));
        emit ISunsetRegistry.Contradicted(
            SunsetLib.structHash(sunset), SunsetLib.structHash(other), vm.addr(TDX_KEY_2)
        );
        sunsets.contradict(other, signature);
        _closedFor(WINDOW, sunset);
        // Neither of both is chosen; what provers still say can be proposed again, also with the signatures of before.
        vm.warp(block.timestamp + WINDOW);
        sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
        // The liar that was not ended does it again; one that was ended cannot.
        _revoke(TDX_KEY_2);
        vm.expectRevert(_doesNotCount(TDX_KEY_2));
        sunsets.contradict(other, signature);
        vm.warp(block.timestamp + WINDOW);
        sunsets.finalize(new bytes[](0));
    }

    function test_contradictions_are_about_the_same_block_and_not_the_same() public {
        Sunset memory sunset = _proposed();
        bytes memory same = _sign(sunset, TDX_KEY_2);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NoContradiction.selector);
        sunsets.contradict(sunset, same);
        sunset.height = HEIGHT - 1;
        bytes memory signature = _sign(sunset, TDX_KEY_2);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_OtherHeight.selector);
        sunsets.contradict(sunset, signature);
        Sunset memory other = _other();
        signature = _sign(other, NEW_KEY);
        vm.expectRevert(_doesNotCount(NEW_KEY));
        sunsets.contradict(other, signature);
    }

    function test_the_guardian_voids_a_few_times_and_chooses_nothing() public {
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.freeze();
        Sunset memory sunset = _proposed();
        vm.expectRevert(
            abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_Unauthorized.selector, address(this))
        );
        sunsets.freeze();
        for (uint256 left = sunsets.MAX_FREEZES(); left > 0; --left) {
            assertEq(sunsets.freezesLeft(), left);
            vm.prank(guardian);
            sunsets.freeze();
            _closedFor(WINDOW, sunset);
            vm.warp(block.timestamp + WINDOW);
            sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
        }
        vm.prank(guardian);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NoFreezeLeft.selector);
        sunsets.freeze();
        vm.warp(block.timestamp + WINDOW);
        sunsets.finalize(new bytes[](0));
    }

    function test_provers_must_count_when_it_becomes_final() public {
        Sunset memory sunset = _proposed();
        Sunset memory other = _other();
        bytes[] memory signatures = _signed(other, TDX_KEY, SNP_KEY);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_AlreadyProposed.selector);
        sunsets.propose(other, signatures);
        _revoke(SNP_KEY);
        vm.warp(block.timestamp + WINDOW);
        vm.expectRevert(_tooFew(1));
        sunsets.finalize(new bytes[](0));
        // A proposal without support makes room at once, for another that waits anew.
        _register(NEW_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        sunsets.propose(other, _signed(other, TDX_KEY_2, NEW_KEY));
        assertEq(sunsets.finalAt(), block.timestamp + WINDOW);
        (Sunset memory standing,) = sunsets.proposal();
        assertTrue(standing.claimsRoot != sunset.claimsRoot, "replaced");
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_TooEarly.selector);
        sunsets.finalize(new bytes[](0));
    }

    // ---- time that nobody's ended key begins anew

    function test_an_operator_who_retires_his_key_holds_nothing_up() public {
        Sunset memory sunset = _proposed();
        vm.warp(block.timestamp + WINDOW);
        _retire(TDX_KEY);
        vm.expectRevert(_tooFew(1));
        sunsets.finalize(new bytes[](0));
        // One that ends his key at the last moment is skipped too.
        bytes[] memory fresh = new bytes[](3);
        (fresh[0], fresh[1], fresh[2]) =
            (_sign(sunset, TDX_KEY), _sign(sunset, TDX_GPU_KEY), _sign(sunset, SNP_KEY));
        sunsets.finalize(fresh);
        assertEq(sunsets.finalClaimsRoot(), sunset.claimsRoot);
        (, address[] memory keys) = sunsets.proposal();
        assertEq(keys.length, 2);
    }

    function test_the_same_statement_proposed_anew_keeps_its_time() public {
        Sunset memory sunset = _proposed();
        uint256 finalAt = sunsets.finalAt();
        uint256[2] memory retired = [TDX_KEY, TDX_KEY_2];
        uint256[2] memory next = [TDX_KEY_2, TDX_GPU_KEY];
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(block.timestamp + 2 days);
            _retire(retired[i]);
            sunsets.propose(sunset, _signed(sunset, next[i], SNP_KEY));
            assertEq(sunsets.finalAt(), finalAt);
        }
        vm.warp(finalAt - 1);
        bytes[] memory fresh = _signed(sunset, TDX_GPU_KEY, SNP_KEY);
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooEarly.selector, finalAt));
        sunsets.finalize(fresh);
        vm.warp(finalAt);
        sunsets.finalize(new bytes[](0));
    }

    function test_fresh_signatures_are_of_vendors_that_count_and_of_the_standing_statement() public {
        Sunset memory sunset = _proposed();
        vm.warp(block.timestamp + WINDOW);
        _revoke(SNP_KEY);
        bytes[] memory ofOneVendor = _signed(sunset, TDX_KEY, TDX_KEY_2);
        vm.expectRevert(_tooFew(1));
        sunsets.finalize(ofOneVendor);
        _register(NEW_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        bytes[] memory ofAnother = _signed(_other(), TDX_KEY_2, NEW_KEY);
        vm.expectRevert(_tooFew(1));
        sunsets.finalize(ofAnother);
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooManySignatures.selector, 8, 9));
        sunsets.finalize(new bytes[](9));
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidSignature.selector, 0));
        sunsets.finalize(new bytes[](1));
        _notFinal();
        bytes[] memory one = new bytes[](1);
        one[0] = _sign(sunset, NEW_KEY);
        sunsets.finalize(one);
    }

    function test_what_was_voided_waits_anew_also_when_it_is_the_same() public {
        Sunset memory sunset = _proposed();
        vm.warp(block.timestamp + WINDOW);
        vm.prank(guardian);
        sunsets.freeze();
        _closedFor(WINDOW, sunset);
        vm.warp(block.timestamp + 1);
        sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
        assertEq(sunsets.finalAt(), block.timestamp + WINDOW);
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

    function _terms() private view returns (RegistryTerms memory) {
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

    function _sunset() private pure returns (Sunset memory) {
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

    function _other() private pure returns (Sunset memory sunset) {
        sunset = _sunset();
        sunset.claimsRoot = keccak256("other claims");
    }

    function _proposed() private returns (Sunset memory sunset) {
        sunset = _sunset();
        sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
    }

    function _final() private returns (Sunset memory sunset) {
        sunset = _proposed();
        vm.warp(block.timestamp + WINDOW);
        sunsets.finalize(new bytes[](0));
    }

    function _closedFor(uint256 time, Sunset memory sunset) private {
        assertTrue(sunsets.status() == ISunsetRegistry.Status.NONE, "voided");
        assertEq(sunsets.reopensAt(), block.timestamp + time);
        assertEq(sunsets.finalAt(), 0);
        (Sunset memory none, address[] memory keys) = sunsets.proposal();
        assertEq(none.claimsRoot, 0);
        assertEq(keys.length, 0);
        vm.warp(block.timestamp + time - 1);
        bytes[] memory signatures = _signed(sunset, TDX_KEY, SNP_KEY);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_Closed.selector);
        sunsets.propose(sunset, signatures);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.finalize(new bytes[](0));
        _notFinal();
    }

    function _notFinal() private {
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotFinal.selector);
        sunsets.finalClaimsRoot();
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotFinal.selector);
        sunsets.finalSunset();
        assertEq(sunsets.finalizedAt(), 0);
    }

    function _retire(uint256 key) private {
        address signer = vm.addr(key);
        vm.prank(registry.prover(signer).beneficiary);
        registry.retire(signer);
    }

    function _revoke(uint256 key) private {
        vm.prank(guardian);
        registry.revoke(vm.addr(key));
    }

    function _sign(Sunset memory sunset, uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, sunsets.digest(sunset));
        return abi.encodePacked(r, s, v);
    }

    function _signed(Sunset memory sunset, uint256 key, uint256 otherKey)
        private
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (_sign(sunset, key), _sign(sunset, otherKey));
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

    function _tooFew(uint256 found) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooFewVendors.selector, 2, found);
    }

    function _doesNotCount(uint256 key) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_KeyDoesNotCount.selector, vm.addr(key));
    }
}
