// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ISystemConfig} from "../../settlement/interfaces/ISystemConfig.sol";
import {ICertificateCache} from "../interfaces/ICertificateCache.sol";
import {ISignatureVerifier} from "../interfaces/ISignatureVerifier.sol";
import {KeyKind} from "./SignatureScheme.sol";
import {Certificate, X509} from "./X509.sol";
import {RevocationList, X509Crl} from "./X509Crl.sol";

/// @title CertificateCache
/// @notice See `ICertificateCache`. Path validation of RFC 5280 section 6.1, one certificate a transaction: names, keys,
///         validity, basicConstraints with its path length, keyUsage, revocation; no certificate policies and no name
///         constraints (critical ones are refused when a certificate is read).
contract CertificateCache is ICertificateCache, Ownable {
    /// @notice Longest chain above a certificate: NVIDIA's has four. It bounds each walk.
    uint8 public constant MAX_DEPTH = 6;

    /// @notice Checks signatures.
    ISignatureVerifier public immutable verifier;

    /// @notice Where the guardian is named.
    ISystemConfig public immutable systemConfig;

    /// @inheritdoc ICertificateCache
    mapping(bytes32 id => bool) public isPinned;

    /// @inheritdoc ICertificateCache
    mapping(bytes32 id => bool) public isRevoked;

    /// @inheritdoc ICertificateCache
    mapping(bytes32 keyHash => bool) public isKeyRevoked;

    /// @inheritdoc ICertificateCache
    mapping(bytes32 serialHash => bool) public isSerialRevoked;

    /// @dev No limit of authorities below.
    uint8 private constant UNLIMITED = type(uint8).max;

    mapping(bytes32 id => Entry) private _entries;

    /// @dev By authority: its name and key, whichever of its certificates was given.
    mapping(bytes32 authority => Revocations) private _revocations;

    /// @dev How far a list has been recorded, by authority and the list's signed part, and counted from where that begins:
    ///      what stands before it depends on the signature's length. Not zero: the signature was checked.
    mapping(bytes32 list => uint256 position) private _progress;

    /// @notice The owner, or the guardian: a forged certificate cannot wait for a timelock.
    modifier onlyRevoker() {
        require(
            msg.sender == owner() || msg.sender == systemConfig.guardian(), CertificateCache_Unauthorized(msg.sender)
        );
        _;
    }

    /// @param owner_ Pins roots: the timelock.
    /// @param systemConfig_ Names the guardian.
    /// @param verifier_ Checks signatures.
    /// @param roots Ids of the vendors' roots that are trusted from the beginning.
    constructor(address owner_, ISystemConfig systemConfig_, ISignatureVerifier verifier_, bytes32[] memory roots)
        Ownable(owner_)
    {
        (systemConfig, verifier) = (systemConfig_, verifier_);
        for (uint256 i = 0; i < roots.length; ++i) {
            _pin(roots[i]);
        }
    }

    /// @inheritdoc ICertificateCache
    function addRoot(bytes calldata der, bool oddFirst) external returns (bytes32 id) {
        Certificate memory certificate = X509.parse(der);
        id = _idOf(der, certificate);
        require(isPinned[id], CertificateCache_RootNotPinned(id));
        _requireNew(id);
        require(certificate.issuer == certificate.subject, CertificateCache_IssuerMismatch(id));
        Entry storage entry = _entries[id];
        uint8 below = certificate.limitsPath ? _capped(certificate.pathLength) : UNLIMITED;
        _store(id, der, certificate, 0, below);
        // A root is its own authority.
        entry.serialHash = _serialHash(_authorityOf(entry), certificate.serial);
        _requireMaySign(entry, id, X509.SIGNS_CERTIFICATES, certificate.signatureKind);
        _requireValid(id);
        _requireSigned(entry, _signedPart(der, certificate), certificate.signature, oddFirst);
        emit CertificateAdded(id, 0, entry.keyHash, certificate.notAfter);
    }

    /// @inheritdoc ICertificateCache
    function add(bytes calldata der, bytes32 issuer, bool oddFirst) external returns (bytes32 id) {
        Certificate memory certificate = X509.parse(der);
        id = _idOf(der, certificate);
        _requireNew(id);
        _requireValid(issuer);
        Entry storage authority = _entries[issuer];
        require(certificate.issuer == authority.subject, CertificateCache_IssuerMismatch(issuer));
        _requireMaySign(authority, issuer, X509.SIGNS_CERTIFICATES, certificate.signatureKind);
        require(authority.depth < MAX_DEPTH, CertificateCache_PathTooLong(issuer));

        Entry storage entry = _entries[id];
        _store(id, der, certificate, authority.depth + 1, _authoritiesBelow(authority, issuer, certificate));
        entry.issuer = issuer;
        entry.serialHash = _serialHash(_authorityOf(authority), certificate.serial);
        _requireValid(id);
        _requireSigned(authority, _signedPart(der, certificate), certificate.signature, oddFirst);
        emit CertificateAdded(id, issuer, entry.keyHash, certificate.notAfter);
    }

    /// @inheritdoc ICertificateCache
    function addRevocations(bytes calldata der, bytes32 issuer, bool oddFirst, uint256 limit)
        external
        returns (bool complete)
    {
        require(limit != 0, CertificateCache_NothingToRecord());
        RevocationList memory list = X509Crl.parse(der);
        _requireValid(issuer);
        Entry storage entry = _entries[issuer];
        require(list.issuer == entry.subject, CertificateCache_IssuerMismatch(issuer));
        _requireMaySign(entry, issuer, X509.SIGNS_REVOCATIONS, list.signatureKind);
        require(
            list.thisUpdate <= block.timestamp && block.timestamp <= list.nextUpdate,
            CertificateCache_RevocationsNotCurrent(list.thisUpdate, list.nextUpdate)
        );
        bytes32 authority = _authorityOf(entry);
        require(
            list.thisUpdate > _revocations[authority].thisUpdate, CertificateCache_RevocationsKnown(list.thisUpdate)
        );

        bytes memory signed = der[list.signedFrom:list.signedTo];
        bytes32 name = keccak256(abi.encode(authority, keccak256(signed)));
        uint256 position = _progress[name] + list.signedFrom;
        if (position == list.signedFrom) {
            _requireSigned(entry, signed, list.signature, oddFirst);
            position = list.entriesFrom;
        }
        position = _record(der, authority, position, list.entriesTo, limit);
        complete = position == list.entriesTo;
        if (!complete) _progress[name] = position - list.signedFrom;
        if (complete) {
            _revocations[authority] = Revocations(list.thisUpdate, list.nextUpdate);
            emit RevocationsRecorded(authority, list.thisUpdate, list.nextUpdate);
        }
    }

    /// @inheritdoc ICertificateCache
    function revoke(bytes32 id) external onlyRevoker {
        isRevoked[id] = true;
        emit CertificateRevoked(id);
    }

    /// @inheritdoc ICertificateCache
    function revokeKey(bytes32 keyHash) external onlyRevoker {
        isKeyRevoked[keyHash] = true;
        emit KeyRevoked(keyHash);
    }

    /// @inheritdoc ICertificateCache
    function reinstate(bytes32 id) external onlyOwner {
        isRevoked[id] = false;
        emit CertificateReinstated(id);
    }

    /// @inheritdoc ICertificateCache
    function reinstateKey(bytes32 keyHash) external onlyOwner {
        isKeyRevoked[keyHash] = false;
        emit KeyReinstated(keyHash);
    }

    /// @inheritdoc ICertificateCache
    function pinRoot(bytes32 id) external onlyOwner {
        _pin(id);
    }

    /// @inheritdoc ICertificateCache
    function unpinRoot(bytes32 id) external onlyRevoker {
        isPinned[id] = false;
        emit RootUnpinned(id);
    }

    /// @inheritdoc ICertificateCache
    function isValid(bytes32 id) external view returns (bool) {
        (Status status,,) = _walk(id);
        return status == Status.VALID;
    }

    /// @inheritdoc ICertificateCache
    function statusOf(bytes32 id) external view returns (Status status, bytes32 culprit) {
        (status, culprit,) = _walk(id);
    }

    /// @inheritdoc ICertificateCache
    function entryOf(bytes32 id) external view returns (Entry memory) {
        return _entries[id];
    }

    /// @inheritdoc ICertificateCache
    function keyOf(bytes32 id) external view returns (KeyKind kind, bytes memory publicKey) {
        _requireValid(id);
        Entry storage entry = _entries[id];
        return (entry.keyKind, entry.publicKey);
    }

    /// @inheritdoc ICertificateCache
    function rootOf(bytes32 id) external view returns (bytes32 root) {
        return _requireValid(id);
    }

    /// @inheritdoc ICertificateCache
    function revocationsOf(bytes32 id) external view returns (Revocations memory) {
        return _revocations[_authorityOf(_entries[id])];
    }

    /// @inheritdoc ICertificateCache
    function isAdded(bytes32 id) public view returns (bool) {
        return _entries[id].notAfter != 0;
    }

    function _pin(bytes32 id) private {
        isPinned[id] = true;
        emit RootPinned(id);
    }

    /// @dev All of an entry but its issuer and serial hash. An authority that is stored again, under another certificate
    ///      of its issuer, keeps its place: what stands below it was measured by that.
    function _store(
        bytes32 id,
        bytes calldata der,
        Certificate memory certificate,
        uint8 depth,
        uint8 authoritiesBelow
    ) private {
        Entry storage entry = _entries[id];
        require(
            !entry.isAuthority || (entry.depth == depth && entry.authoritiesBelow == authoritiesBelow),
            CertificateCache_PlaceChanged(id)
        );
        entry.subject = certificate.subject;
        entry.keyHash = keccak256(abi.encode(certificate.keyKind, certificate.publicKey));
        entry.extensionsDigest = keccak256(der[certificate.extensionsFrom:certificate.extensionsTo]);
        entry.notBefore = certificate.notBefore;
        entry.notAfter = certificate.notAfter;
        entry.keyKind = certificate.keyKind;
        entry.isAuthority = certificate.isAuthority;
        entry.depth = depth;
        entry.authoritiesBelow = authoritiesBelow;
        entry.usages = certificate.usages;
        entry.publicKey = certificate.publicKey;
    }

    /// @dev Entries from `position` on, at most `limit`. Returns where the first one begins that was not recorded.
    function _record(bytes memory der, bytes32 authority, uint256 position, uint256 end, uint256 limit)
        private
        returns (uint256)
    {
        for (uint256 i = 0; i < limit && position < end; ++i) {
            bytes memory serial;
            (serial, position) = X509Crl.entry(der, position, end);
            bytes32 serialHash = _serialHash(authority, serial);
            if (isSerialRevoked[serialHash]) continue;
            isSerialRevoked[serialHash] = true;
            emit SerialRevoked(authority, serialHash, serial);
        }
        return position;
    }

    /// @dev RFC 5280 section 6.1.4 (l) and (m): what is left of the issuer's limit, and the certificate's own.
    function _authoritiesBelow(Entry storage authority, bytes32 issuer, Certificate memory certificate)
        private
        view
        returns (uint8 below)
    {
        if (!certificate.isAuthority) return 0;
        below = authority.authoritiesBelow;
        require(below != 0, CertificateCache_PathTooLong(issuer));
        if (below != UNLIMITED) --below;
        if (certificate.limitsPath && certificate.pathLength < below) below = uint8(certificate.pathLength);
    }

    /// @dev Sections 6.1.4 (k) and (n), 6.3.3 (f), and the signature's kind is that of the issuer's key.
    function _requireMaySign(Entry storage authority, bytes32 issuer, uint16 usage, KeyKind signatureKind) private view {
        require(
            authority.isAuthority && authority.usages & usage != 0 && authority.keyKind == signatureKind,
            CertificateCache_IssuerNotAllowed(issuer)
        );
    }

    function _requireSigned(Entry storage authority, bytes memory signed, bytes memory signature, bool oddFirst)
        private
        view
    {
        require(
            verifier.verify(authority.keyKind, authority.publicKey, signed, signature, oddFirst),
            CertificateCache_InvalidSignature()
        );
    }

    /// @dev Unknown, or no longer valid. What governance or a list revoked is stored anew in vain: it stays revoked.
    function _requireNew(bytes32 id) private view {
        (Status status,,) = _walk(id);
        require(status != Status.VALID, CertificateCache_AlreadyAdded(id));
    }

    /// @dev Returns the root.
    function _requireValid(bytes32 id) private view returns (bytes32) {
        (Status status, bytes32 culprit, bytes32 root) = _walk(id);
        require(status == Status.VALID, CertificateCache_InvalidCertificate(id, status, culprit));
        return root;
    }

    /// @dev From a certificate up to its root: each is known, of now and not revoked, and the root is pinned. An entry's
    ///      issuer is one step less deep than itself, and no authority's depth ever changes, so that the walk ends.
    function _walk(bytes32 id) private view returns (Status, bytes32 culprit, bytes32 root) {
        for (uint256 i = 0; i <= MAX_DEPTH; ++i) {
            Entry storage entry = _entries[id];
            if (entry.notAfter == 0) return (Status.UNKNOWN, id, 0);
            if (isRevoked[id] || isKeyRevoked[entry.keyHash] || isSerialRevoked[entry.serialHash]) {
                return (Status.REVOKED, id, 0);
            }
            if (block.timestamp < entry.notBefore) return (Status.NOT_YET_VALID, id, 0);
            if (block.timestamp > entry.notAfter) return (Status.EXPIRED, id, 0);
            if (entry.issuer == 0) {
                if (!isPinned[id]) return (Status.ROOT_NOT_PINNED, id, 0);
                return (Status.VALID, 0, id);
            }
            id = entry.issuer;
        }
        return (Status.UNKNOWN, id, 0);
    }

    /// @dev Name and key: an authority stays the same when its certificate is renewed.
    function _authorityOf(Entry storage entry) private view returns (bytes32) {
        return keccak256(abi.encode(entry.subject, entry.keyHash));
    }

    function _serialHash(bytes32 authority, bytes memory serial) private pure returns (bytes32) {
        return keccak256(abi.encode(authority, serial));
    }

    function _idOf(bytes calldata der, Certificate memory certificate) private pure returns (bytes32) {
        return keccak256(der[certificate.signedFrom:certificate.signedTo]);
    }

    function _signedPart(bytes calldata der, Certificate memory certificate) private pure returns (bytes memory) {
        return der[certificate.signedFrom:certificate.signedTo];
    }

    function _capped(uint64 pathLength) private pure returns (uint8) {
        return pathLength < UNLIMITED ? uint8(pathLength) : UNLIMITED;
    }
}
