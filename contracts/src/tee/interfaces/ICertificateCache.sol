// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KeyKind} from "../certificates/SignatureScheme.sol";

/// @title ICertificateCache
/// @notice The vendors' certificates, each verified once, in a transaction of its own, so that evidence is checked against
///         a leaf that stands here. Anyone may add what a pinned root leads to; anyone may bring a revocation list.
/// @dev A certificate's id is keccak256 of its signed part (tbsCertificate): ECDSA signatures can be altered by anyone
///      without becoming invalid, so that a hash over one would let a revoked certificate return under another name.
///      Whether a certificate is valid is asked at each use and of the whole chain: an expiry, a revocation or an unpinned
///      root anywhere above ends whatever is below at once.
interface ICertificateCache {
    /// @notice Why a certificate is not valid, or that it is.
    enum Status {
        VALID,
        UNKNOWN,
        NOT_YET_VALID,
        EXPIRED,
        REVOKED,
        ROOT_NOT_PINNED
    }

    /// @param issuer Id of the issuer's certificate; zero for a root.
    /// @param subject keccak256 of the subject's encoded name.
    /// @param keyHash keccak256 of the kind of key and the key: what `revokeKey` takes.
    /// @param serialHash keccak256 of the issuer (name and key) and the serial number: what revocation lists name.
    /// @param extensionsDigest keccak256 of the content of the list of extensions; of nothing if there are none.
    /// @param notBefore First second of validity.
    /// @param notAfter Last second of validity.
    /// @param keyKind Kind of the subject's key.
    /// @param isAuthority Whether the subject may sign certificates.
    /// @param depth Certificates above this one.
    /// @param usages keyUsage as in `Certificate`.
    /// @param authoritiesBelow How many authorities may still follow in a path; 255 without a limit.
    /// @param publicKey x and y, or the modulus.
    struct Entry {
        bytes32 issuer;
        bytes32 subject;
        bytes32 keyHash;
        bytes32 serialHash;
        bytes32 extensionsDigest;
        uint64 notBefore;
        uint64 notAfter;
        KeyKind keyKind;
        bool isAuthority;
        uint8 depth;
        uint8 authoritiesBelow;
        uint16 usages;
        bytes publicKey;
    }

    /// @notice The newest complete revocation list of an authority.
    struct Revocations {
        uint64 thisUpdate;
        uint64 nextUpdate;
    }

    event RootPinned(bytes32 indexed id);
    event RootUnpinned(bytes32 indexed id);
    event CertificateAdded(bytes32 indexed id, bytes32 indexed issuer, bytes32 indexed keyHash, uint64 notAfter);
    /// @notice By governance.
    event CertificateRevoked(bytes32 indexed id);
    event CertificateReinstated(bytes32 indexed id);
    event KeyRevoked(bytes32 indexed keyHash);
    event KeyReinstated(bytes32 indexed keyHash);
    /// @notice By the issuer's list.
    event SerialRevoked(bytes32 indexed authority, bytes32 indexed serialHash, bytes serial);
    /// @notice All entries of a list have been recorded.
    event RevocationsRecorded(bytes32 indexed authority, uint64 thisUpdate, uint64 nextUpdate);

    /// @notice Neither the owner nor the guardian.
    error CertificateCache_Unauthorized(address caller);
    /// @notice The root was not pinned by the owner.
    error CertificateCache_RootNotPinned(bytes32 id);
    /// @notice The certificate stands here, and is valid.
    error CertificateCache_AlreadyAdded(bytes32 id);
    /// @notice A certificate of the chain, `culprit`, is not valid.
    error CertificateCache_InvalidCertificate(bytes32 id, Status status, bytes32 culprit);
    /// @notice The issuer's certificate does not allow it to sign this.
    error CertificateCache_IssuerNotAllowed(bytes32 issuer);
    /// @notice Another issuer is named than the one given.
    error CertificateCache_IssuerMismatch(bytes32 issuer);
    /// @notice The issuer's limit of authorities below it, or the cache's own of a chain's length, is reached.
    error CertificateCache_PathTooLong(bytes32 issuer);
    /// @notice The authority stood here at another depth, or with another limit of authorities below it.
    error CertificateCache_PlaceChanged(bytes32 id);
    error CertificateCache_InvalidSignature();
    /// @notice The list is not of now.
    error CertificateCache_RevocationsNotCurrent(uint64 thisUpdate, uint64 nextUpdate);
    /// @notice A newer list of the authority, or this one, has been recorded entirely.
    error CertificateCache_RevocationsKnown(uint64 thisUpdate);
    /// @notice `limit` is zero.
    error CertificateCache_NothingToRecord();

    /// @notice Adds a pinned root. Anyone may. Its signature over itself is checked: it shows that nobody pinned a typing
    ///         error.
    function addRoot(bytes calldata der, bool oddFirst) external returns (bytes32 id);

    /// @notice Adds a certificate whose issuer stands here, is valid and may sign certificates. Anyone may. A certificate
    ///         that stands here under an issuer that is no longer valid may be added again under another with the same
    ///         name and key.
    /// @param der The whole certificate.
    /// @param issuer Id of the issuer's certificate.
    /// @param oddFirst See `ISignatureVerifier`: it can cost gas and nothing else.
    function add(bytes calldata der, bytes32 issuer, bool oddFirst) external returns (bytes32 id);

    /// @notice Records the revocations of a list that is signed by an authority which stands here and is valid. Anyone may.
    ///         What was recorded stays: a certificate on hold is revoked for good.
    /// @param der The whole list.
    /// @param issuer Id of the certificate of the list's issuer.
    /// @param oddFirst See `ISignatureVerifier`.
    /// @param limit How many entries to record at most. Call again to go on where the last call ended.
    /// @return complete Whether the list's end was reached.
    function addRevocations(bytes calldata der, bytes32 issuer, bool oddFirst, uint256 limit)
        external
        returns (bool complete);

    /// @notice Revokes a certificate, known or not. The owner or the guardian.
    function revoke(bytes32 id) external;

    /// @notice Revokes every certificate of a key, known or not. The owner or the guardian.
    function revokeKey(bytes32 keyHash) external;

    /// @notice Undoes `revoke`, not a list's revocation. Only the owner.
    function reinstate(bytes32 id) external;

    /// @notice Undoes `revokeKey`. Only the owner.
    function reinstateKey(bytes32 keyHash) external;

    /// @notice Trusts a root. Only the owner.
    function pinRoot(bytes32 id) external;

    /// @notice Ends trust in a root, and in all below it. The owner or the guardian.
    function unpinRoot(bytes32 id) external;

    /// @notice Whether a certificate stands here. Not whether it is valid.
    function isAdded(bytes32 id) external view returns (bool);

    /// @notice Whether a certificate and all above it are valid now.
    function isValid(bytes32 id) external view returns (bool);

    /// @notice As `isValid`, with the reason and the certificate of the chain that it applies to.
    function statusOf(bytes32 id) external view returns (Status status, bytes32 culprit);

    /// @notice What is known of a certificate, valid or not.
    function entryOf(bytes32 id) external view returns (Entry memory);

    /// @notice The key of a certificate that is valid now; else it reverts.
    function keyOf(bytes32 id) external view returns (KeyKind kind, bytes memory publicKey);

    /// @notice The root above a certificate that is valid now; else it reverts. It tells whose certificate it is.
    function rootOf(bytes32 id) external view returns (bytes32 root);

    /// @notice How new the revocations are that are known of the certificates that `id` signed; zeros if none.
    function revocationsOf(bytes32 id) external view returns (Revocations memory);

    /// @notice Whether the owner trusts a root.
    function isPinned(bytes32 id) external view returns (bool);

    /// @notice Whether governance revoked a certificate.
    function isRevoked(bytes32 id) external view returns (bool);

    /// @notice Whether governance revoked a key.
    function isKeyRevoked(bytes32 keyHash) external view returns (bool);

    /// @notice Whether a list revoked a serial number.
    function isSerialRevoked(bytes32 serialHash) external view returns (bool);
}
