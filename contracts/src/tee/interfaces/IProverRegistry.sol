// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Claim} from "../Claim.sol";
import {IAttestationPolicy} from "./IAttestationPolicy.sol";

/// @title IProverRegistry
/// @notice Which signing keys are provers, and which hardware vendor each of them trusts. A key is admitted by evidence that
///         is verified here, by nobody's favour, and with a bond. The threshold of a proof counts host vendors, never keys:
///         a vendor that is forged entirely must still not be able to finalise a root.
interface IProverRegistry {
    /// @notice Who made the CPU whose attestation the key rests on.
    enum HostVendor {
        NONE,
        INTEL,
        AMD
    }

    /// @notice The environment the key was born in. The host vendor follows from it and is never given freely.
    enum Kind {
        NONE,
        TDX,
        SEV_SNP,
        TDX_GPU,
        SEV_SNP_GPU
    }

    /// @notice How a key ended before its time.
    enum Ending {
        NONE,
        /// Its beneficiary gave it up.
        RETIRED,
        /// One of its GPUs stands behind another key, by a report over a newer block.
        SUPERSEDED,
        /// Anyone showed that it no longer is what was admitted.
        INVALIDATED,
        /// The owner or the guardian ended it.
        REVOKED,
        /// It signed two outputs for one input, or two statements before a court.
        EQUIVOCATED,
        /// It and another key of its vendor signed two outputs for one input: at least one of them lies.
        CONTRADICTED
    }

    /// @notice Why anyone may end a key.
    enum Cause {
        EXPIRED,
        /// The policy no longer allows it.
        POLICY,
        /// A certificate that vouched for it is no longer valid.
        CERTIFICATE,
        /// Its evidence, judged anew, is no longer genuine or good enough.
        EVIDENCE
    }

    /// @notice What a bond is.
    enum BondState {
        NONE,
        /// The key lives, or ended less than BOND_HOLD ago.
        HELD,
        /// The key contradicted another: the owner decides, within DECISION_PERIOD.
        DISPUTED,
        RETURNED,
        SLASHED
    }

    /// @param key The key that was born in the environment.
    /// @param kind The environment.
    /// @param policyVersion Version of the policy that the evidence commits to.
    /// @param l1BlockNumber A recent L1 block, whose hash the evidence commits to.
    /// @param evidence Of the CPU, as its vendor's verifier takes it.
    /// @param gpuEvidence Of each GPU, in the order of their indices, as `INvidiaReportVerifier` takes it.
    /// @param signature The key's over (beneficiary, policyVersion, l1BlockHash), 65 bytes: EIP-712 in the domain of claims,
    ///        `Registration(address beneficiary,uint64 policyVersion,bytes32 l1BlockHash)`.
    /// @param beneficiary Earns what the key proves, and may retire it.
    struct Registration {
        address key;
        Kind kind;
        uint64 policyVersion;
        uint256 l1BlockNumber;
        bytes evidence;
        bytes[] gpuEvidence;
        bytes signature;
        address beneficiary;
    }

    /// @param kind Environment of the key; NONE = never registered.
    /// @param ending How it ended before its time.
    /// @param bondState What became of its bond.
    /// @param tcbStatus The vendor's judgement when it was admitted; 0 is the best one.
    /// @param policyVersion Version of the policy under which it was last found to be allowed.
    /// @param registeredAt Unix seconds.
    /// @param expiresAt Unix seconds; the key is valid strictly before.
    /// @param measurement Identity of the measured image in which the key was born.
    /// @param platformId Identity of the machine.
    /// @param endedAt Unix seconds of `ending`; 0 = it has not.
    /// @param tcbEvaluation Number of the vendor's evaluation of TCBs by which it was judged; 0 where there is none.
    /// @param beneficiary Earns what the key proves, and may retire it.
    /// @param bond PHA that was posted.
    /// @param registrant Paid the bond, and gets it back.
    /// @param advisories What the vendor said against the TCB.
    /// @param evidenceHash keccak256 of the CPU's evidence.
    /// @param certificates Ids of the certificates that vouch for the CPU and for each GPU.
    /// @param deviceIds Each GPU.
    struct Prover {
        Kind kind;
        Ending ending;
        BondState bondState;
        uint8 tcbStatus;
        uint64 policyVersion;
        uint64 registeredAt;
        uint64 expiresAt;
        bytes32 measurement;
        bytes32 platformId;
        uint64 endedAt;
        uint32 tcbEvaluation;
        address beneficiary;
        uint96 bond;
        address registrant;
        bytes32 advisories;
        bytes32 evidenceHash;
        bytes32[] certificates;
        bytes32[] deviceIds;
    }

    /// @param policyVersion Version of the policy that the evidence commits to.
    event ProverRegistered(
        address indexed key,
        Kind indexed kind,
        bytes32 indexed measurement,
        bytes32 platformId,
        uint64 policyVersion,
        bytes32 evidenceHash,
        uint64 expiresAt,
        uint8 tcbStatus,
        address beneficiary,
        address registrant
    );
    /// @notice A GPU stands behind `key` from now on.
    event DeviceBound(bytes32 indexed deviceId, address indexed key);
    /// @notice The policy's version `policyVersion` allows the key.
    event ProverAffirmed(address indexed key, uint64 policyVersion);
    event ProverRetired(address indexed key);
    event ProverSuperseded(address indexed key, address indexed by);
    event ProverInvalidated(address indexed key, Cause indexed cause);
    /// @notice The evidence of `key` is no longer good: unless that changes, anyone may end the key from `endsAt` on.
    event ProverNoticed(address indexed key, uint64 endsAt);
    event ProverRevoked(address indexed key);
    /// @notice `key` signed both `outputRoot` and `otherOutputRoot` for one and the same input.
    event Equivocation(address indexed key, bytes32 outputRoot, bytes32 otherOutputRoot);
    /// @notice Two keys of one vendor signed two outputs for one and the same input.
    event Contradiction(address indexed key, address indexed otherKey, bytes32 outputRoot, bytes32 otherOutputRoot);
    /// @notice From now on the registry takes, or takes no longer, the word of `court` that a key equivocated.
    event CourtChanged(address indexed court, bool isCourt);
    /// @param reward What the reporter got of the bond; the rest went to the owner.
    event ProverSlashed(address indexed key, address indexed reporter, uint256 bond, uint256 reward);
    event BondReturned(address indexed key, address indexed registrant, uint256 bond);

    /// @notice Neither the owner nor the guardian, nor who else may.
    error ProverRegistry_Unauthorized(address caller);
    error ProverRegistry_ZeroKey();
    error ProverRegistry_ZeroBeneficiary();
    error ProverRegistry_UnknownKind();
    /// @notice The key was registered before. A key that ended never returns: a new one is born instead.
    error ProverRegistry_AlreadyRegistered(address key);
    /// @notice Evidence about the future, or older than MAX_EVIDENCE_AGE blocks.
    error ProverRegistry_EvidenceAge(uint256 l1BlockNumber, uint256 blockNumber);
    /// @notice L1 no longer tells the hash of this block: take a newer one.
    error ProverRegistry_BlockHashUnavailable(uint256 l1BlockNumber);
    /// @notice The key did not sign this registration.
    error ProverRegistry_RegistrationNotSigned(address key, address signer);
    /// @notice The evidence commits to another key, registry, chain, block or policy version: `half` 0; or to other reports
    ///         of GPUs: `half` 1.
    error ProverRegistry_ReportDataMismatch(uint256 half, bytes32 wanted, bytes32 found);
    /// @notice Verifying the CPU's evidence takes more gas than any genuine evidence needs: it could not be judged anew.
    error ProverRegistry_EvidenceTooDear(uint256 most, uint256 found);
    /// @notice Evidence of another vendor's CPU.
    error ProverRegistry_VendorMismatch(HostVendor wanted, HostVendor found);
    /// @notice None for an environment with GPUs, some for one without, or more than MAX_GPUS.
    error ProverRegistry_GpuCount(uint256 count);
    /// @notice The GPU was asked with another nonce: for another key, place, registry, chain or block.
    error ProverRegistry_GpuNonceMismatch(uint256 index, bytes32 wanted, bytes32 found);
    /// @notice One GPU is not two.
    error ProverRegistry_DuplicateDevice(bytes32 deviceId);
    /// @notice The GPU stands behind another key, which is valid, by a report over no older block.
    error ProverRegistry_DeviceInUse(bytes32 deviceId, address key);
    /// @notice The bond's token delivered another amount.
    error ProverRegistry_BondNotReceived(uint256 wanted, uint256 found);
    error ProverRegistry_UnknownKey(address key);
    /// @notice The key ended before its time.
    error ProverRegistry_EndedKey(address key, Ending ending);
    error ProverRegistry_ExpiredKey(address key, uint64 expiredAt);
    /// @notice The policy does not allow the key, or no longer.
    error ProverRegistry_KeyNotAllowed(address key, IAttestationPolicy.Standing standing);
    /// @notice Not 65 bytes, malleable (high s), or of no key.
    error ProverRegistry_InvalidSignature();
    /// @notice Nothing is wrong with the key.
    error ProverRegistry_StillValid(address key);
    /// @notice The key's evidence is no longer good, and there is time until then to mend that.
    error ProverRegistry_NoticePeriod(address key, uint256 endsAt);
    /// @notice Not the evidence that the key was admitted by.
    error ProverRegistry_OtherEvidence(bytes32 wanted, bytes32 found);
    /// @notice Fewer than `wanted` gas is left: a call that runs out of it must not look like a refusal.
    error ProverRegistry_TooLittleGas(uint256 wanted, uint256 found);
    /// @notice The two claims are not two outputs for one input by one key, or by two accountable keys of one vendor.
    error ProverRegistry_NoEquivocation();
    /// @notice The bond is not there, or not in the state that this needs.
    error ProverRegistry_BondState(address key, BondState state);
    /// @notice The bond is held until then.
    error ProverRegistry_BondHeld(address key, uint256 until);
    /// @notice The owner had until then to decide.
    error ProverRegistry_DecisionPeriodOver(address key, uint256 until);

    /// @notice Registers a key by its evidence, and takes the policy's bond in PHA from the caller. Anyone may.
    function register(Registration calldata registration) external;

    /// @notice Notes that the present policy allows a valid key: until the next change, proofs by it need not ask. Anyone
    ///         may; it saves gas and changes no answer.
    function affirm(address key) external;

    /// @notice The policy's notice that it changed: from now on each key has to be asked about again. The policy alone.
    function policyChanged(uint64 version_) external;

    /// @notice Gives a key up. Its beneficiary.
    function retire(address key) external;

    /// @notice Revokes one key at once and for ever. The owner or the guardian: removal must not wait for a timelock.
    function revoke(address key) external;

    /// @notice Ends a key that has expired, that the policy no longer allows, or of which a certificate is no longer valid.
    ///         Anyone may.
    function invalidate(address key) external;

    /// @notice Ends a key whose evidence, judged as of now, is no longer genuine or good enough: the vendor thinks worse of
    ///         its TCB, or collateral ran out. Anyone may, in two calls: the first gives notice, the second, NOTICE_PERIOD
    ///         later and not long after that, ends the key if its evidence is still no better. The guardian need not wait
    ///         (`revoke`). It needs APPRAISAL_GAS, whatever the evidence costs.
    /// @param evidence The evidence of the CPU that the key was admitted by.
    function invalidateByEvidence(address key, bytes calldata evidence) external;

    /// @notice Ends keys that signed two outputs for one input, and nullifies their vendor. Anyone may show the signatures.
    ///         One key, valid or not, as long as its bond is here: it is slashed, the caller gets REPORTER_PERCENT of it.
    ///         Its vendor is spared only where the policy shut the key out before: what was broken is known then.
    ///         Two keys of one vendor, each valid, expired, retired or superseded, while their bonds are here: the bonds
    ///         wait for the owner's decision, since one of them may be honest.
    /// @param claim One of the claims.
    /// @param signature Its signature.
    /// @param otherOutputRoot The output root of the other claim, all else equal.
    /// @param otherSignature The other claim's signature.
    function reportEquivocation(
        Claim calldata claim,
        bytes calldata signature,
        bytes32 otherOutputRoot,
        bytes calldata otherSignature
    ) external;

    /// @notice Punishes a key that equivocated before a court, as `reportEquivocation` does: ended, slashed, its vendor
    ///         nullified unless the policy shut the key out before. A court.
    /// @param reporter Gets REPORTER_PERCENT of the bond.
    function convict(address key, address reporter) external;

    /// @notice Makes a contract a court, or no longer: one that punishes no key but for two statements that no honest key
    ///         can both have signed. The owner.
    function setCourt(address court, bool isCourt_) external;

    /// @notice Whether it is a court.
    function isCourt(address court) external view returns (bool);

    /// @notice Decides about the bond of a key that contradicted another: slashed, all to the owner, or returned. The owner,
    ///         within DECISION_PERIOD; after it the bond may only be returned.
    function decideBond(address key, bool slash) external;

    /// @notice Returns a bond to who paid it, BOND_HOLD after the key ended or expired. Anyone may.
    function returnBond(address key) external;

    /// @notice Checks that a valid key signed `claim`, and says which.
    /// @return key The signer.
    /// @return vendor Its host vendor.
    /// @return gpu Whether its kind includes an attested GPU.
    function verify(Claim calldata claim, bytes calldata signature)
        external
        view
        returns (address key, HostVendor vendor, bool gpu);

    /// @notice The EIP-712 digest that a prover signs.
    function claimDigest(Claim calldata claim) external view returns (bytes32);

    /// @notice The EIP-712 digest that a key signs for its registration.
    function registrationDigest(address beneficiary, uint64 policyVersion, bytes32 l1BlockHash)
        external
        view
        returns (bytes32);

    /// @notice Whether the key was ever registered. Says nothing of validity.
    function isRegistered(address key) external view returns (bool);

    /// @notice Whether a signature of the key counts now: registered, not ended, not expired, allowed by the policy.
    function isValid(address key) external view returns (bool);

    function prover(address key) external view returns (Prover memory);

    /// @notice Who earns what the key proves; zero if it was never registered.
    function beneficiaryOf(address key) external view returns (address);

    /// @notice The policy's present version, as it told.
    function currentPolicyVersion() external view returns (uint64);

    /// @notice The key that a GPU stood behind last, valid or not; zero if none.
    function keyOfDevice(bytes32 deviceId) external view returns (address);

    /// @notice When anyone last showed that the key's evidence is no longer good, in Unix seconds; 0 if never.
    function noticedAt(address key) external view returns (uint64);

    /// @notice Number of keys ever registered, and the key at an index below it, for pages and monitors.
    function proverCount() external view returns (uint256);

    function proverAt(uint256 index) external view returns (address key);

    /// @notice Whether roots of simulated evidence may be pinned in this deployment. Fixed for ever; false in production.
    function dangerouslyAcceptsSimulated() external view returns (bool);

    function hostVendor(Kind kind) external pure returns (HostVendor);

    function hasGpu(Kind kind) external pure returns (bool);

    function version() external pure returns (string memory);
}
