// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What Intel says of a TCB (PCS API version 4, `tcbStatus`); the last two only of a TD as a whole, whose platform
///         was updated under it.
enum TcbStatus {
    UP_TO_DATE,
    SW_HARDENING_NEEDED,
    CONFIGURATION_NEEDED,
    CONFIGURATION_AND_SW_HARDENING_NEEDED,
    OUT_OF_DATE,
    OUT_OF_DATE_CONFIGURATION_NEEDED,
    REVOKED,
    TD_RELAUNCH_ADVISED,
    TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
}

/// @notice A level of the quoting enclave or of a TDX module: the status from a security version on.
/// @param advisories keccak256 of the list of advisories as Intel wrote it; zero for none.
struct EnclaveLevel {
    uint16 isvSvn;
    TcbStatus status;
    bytes32 advisories;
}

/// @notice What a TDX module must be.
/// @param signer keccak256 of its MRSIGNERSEAM.
struct TdxModule {
    bytes32 signer;
    bytes8 attributes;
    bytes8 attributesMask;
}

/// @param version The module's major version; not zero.
/// @param levels Best first.
struct TdxModuleIdentity {
    uint8 version;
    TdxModule module;
    EnclaveLevel[] levels;
}

/// @notice A level of a platform: the status of whatever reaches each of these versions.
/// @param components Of SGX, one byte each.
/// @param tdxComponents Of TDX, one byte each.
/// @param advisories As of an enclave's level.
struct PlatformLevel {
    bytes16 components;
    bytes16 tdxComponents;
    uint16 pceSvn;
    TcbStatus status;
    bytes32 advisories;
}

/// @notice Intel's TCB information of a family of platforms.
/// @param module Of modules before version 1.5.
/// @param identities Of the others.
/// @param levels Best first.
struct TcbInfo {
    TdxModule module;
    TdxModuleIdentity[] identities;
    PlatformLevel[] levels;
}

/// @notice What the quoting enclave must be.
/// @param miscSelect Little-endian, as in a report.
/// @param levels Best first.
struct QeIdentity {
    bytes4 miscSelect;
    bytes4 miscSelectMask;
    bytes16 attributes;
    bytes16 attributesMask;
    bytes32 mrSigner;
    uint16 isvProdId;
    EnclaveLevel[] levels;
}

/// @notice What a quote and the PCK certificate say of the TCB.
/// @param components Of SGX, of the certificate.
/// @param pceSvn Of the certificate.
/// @param teeTcbSvn Of the TD, of its report.
/// @param relaunchable Whether it is a TD 1.5, which tells the TCB of the module that runs now.
/// @param teeTcbSvn2 That TCB.
/// @param qeIsvSvn Of the quoting enclave.
struct TcbParts {
    bytes16 components;
    uint16 pceSvn;
    bytes16 teeTcbSvn;
    bool relaunchable;
    bytes16 teeTcbSvn2;
    uint16 qeIsvSvn;
}

/// @title IntelTcb
/// @notice The levels of platform, TDX module and quoting enclave, and the one status that they make together (Intel's
///         verification library, steps 4.1.2.4.17.1 to .5). The twin of the verifier's appraisal off-chain.
/// @dev Intel's library leaves out a TD's first two components, the module's own version, where the module has an identity
///      of its own. Here, as off-chain, all components are compared and the module's identity counts too.
library IntelTcb {
    /// @notice The part is older than every level that Intel lists.
    error IntelTcb_TcbLevelNotFound(Part part);

    /// @notice Intel names no such TDX module.
    error IntelTcb_TdxModuleMismatch(uint8 version);

    enum Part {
        PLATFORM,
        TDX_MODULE,
        QE
    }

    /// @dev Every second byte of a word.
    uint256 private constant EVEN = 0x00ff00ff00ff00ff00ff00ff00ff00ff;
    uint256 private constant CARRY = 0x01000100010001000100010001000100;

    /// @notice The status of all parts together, and keccak256 of their advisories' digests (platform, module, quoting
    ///         enclave); zero if there are none.
    function appraise(TcbParts memory parts, TcbInfo memory info, EnclaveLevel[] memory qeLevels)
        internal
        pure
        returns (TcbStatus status, bytes32 advisories)
    {
        (TcbStatus sgx, PlatformLevel memory platform) = _platform(parts, info.levels);
        EnclaveLevel memory module = _module(parts.teeTcbSvn, info);
        EnclaveLevel memory qe = _enclave(qeLevels, parts.qeIsvSvn, Part.QE);
        status = merge(platform.status, module.status);
        status = _adviseRelaunch(parts, info, status, sgx, module.status, qe.status);
        status = merge(status, qe.status);
        if (platform.advisories | module.advisories | qe.advisories != 0) {
            advisories = keccak256(abi.encode(platform.advisories, module.advisories, qe.advisories));
        }
    }

    /// @notice A status together with that of the quoting enclave or the TDX module (steps 4.1.2.4.17.4 and .5).
    function merge(TcbStatus status, TcbStatus part) internal pure returns (TcbStatus) {
        if (part == TcbStatus.REVOKED) return TcbStatus.REVOKED;
        if (part == TcbStatus.UP_TO_DATE) return status;
        if (status == TcbStatus.UP_TO_DATE || status == TcbStatus.SW_HARDENING_NEEDED) return TcbStatus.OUT_OF_DATE;
        if (
            status == TcbStatus.CONFIGURATION_NEEDED || status == TcbStatus.CONFIGURATION_AND_SW_HARDENING_NEEDED
        ) return TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED;
        return status;
    }

    /// @notice What Intel demands of the module that a TD was started on (step 4.1.2.4.11).
    function moduleOf(TcbInfo memory info, bytes16 teeTcbSvn) internal pure returns (TdxModule memory) {
        uint8 version = uint8(teeTcbSvn[1]);
        if (version == 0) return info.module;
        (bool found, TdxModuleIdentity memory identity) = _identity(info, version);
        require(found, IntelTcb_TdxModuleMismatch(version));
        return identity.module;
    }

    /// @notice Whether each byte is at least that of the other value at its place.
    function reaches(bytes16 found, bytes16 wanted) internal pure returns (bool) {
        (uint256 a, uint256 b) = (uint128(found), uint128(wanted));
        // In lanes of 16 bits, the ninth bit stays where nothing had to be borrowed.
        uint256 even = ((a & EVEN) | CARRY) - (b & EVEN);
        uint256 odd = (((a >> 8) & EVEN) | CARRY) - ((b >> 8) & EVEN);
        return even & odd & CARRY == CARRY;
    }

    /// @dev Steps 4.1.2.4.17.1 to .3. `sgx` is the status of the first level that the platform reaches by itself.
    function _platform(TcbParts memory parts, PlatformLevel[] memory levels)
        private
        pure
        returns (TcbStatus sgx, PlatformLevel memory level)
    {
        bool onPlatform;
        for (uint256 i = 0; i < levels.length; ++i) {
            level = levels[i];
            if (!reaches(parts.components, level.components) || parts.pceSvn < level.pceSvn) continue;
            if (!onPlatform) (onPlatform, sgx) = (true, level.status);
            if (reaches(parts.teeTcbSvn, level.tdxComponents)) return (sgx, level);
        }
        revert IntelTcb_TcbLevelNotFound(Part.PLATFORM);
    }

    /// @dev Modules before 1.5 are judged by the platform's level alone (step 4.1.2.4.17.4.1).
    function _module(bytes16 teeTcbSvn, TcbInfo memory info) private pure returns (EnclaveLevel memory level) {
        if (teeTcbSvn[1] == 0) return level;
        (, TdxModuleIdentity memory identity) = _identity(info, uint8(teeTcbSvn[1]));
        return _enclave(identity.levels, uint8(teeTcbSvn[0]), Part.TDX_MODULE);
    }

    function _enclave(EnclaveLevel[] memory levels, uint16 isvSvn, Part part)
        private
        pure
        returns (EnclaveLevel memory)
    {
        for (uint256 i = 0; i < levels.length; ++i) {
            if (isvSvn >= levels[i].isvSvn) return levels[i];
        }
        revert IntelTcb_TcbLevelNotFound(part);
    }

    function _identity(TcbInfo memory info, uint8 version)
        private
        pure
        returns (bool found, TdxModuleIdentity memory identity)
    {
        for (uint256 i = 0; i < info.identities.length; ++i) {
            if (info.identities[i].version == version) return (true, info.identities[i]);
        }
    }

    /// @dev Step 4.1.2.4.17.4.3: a TD 1.5 that only has to be started again says so by its own status.
    function _adviseRelaunch(
        TcbParts memory parts,
        TcbInfo memory info,
        TcbStatus status,
        TcbStatus sgx,
        TcbStatus module,
        TcbStatus qe
    ) private pure returns (TcbStatus) {
        if (!parts.relaunchable || qe != TcbStatus.UP_TO_DATE || module != TcbStatus.OUT_OF_DATE) return status;
        bool outOfDate =
            status == TcbStatus.OUT_OF_DATE || status == TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED;
        bool current = sgx <= TcbStatus.CONFIGURATION_AND_SW_HARDENING_NEEDED;
        if (!outOfDate || !current || !_runsOnNewest(info, parts.teeTcbSvn2)) return status;
        bool configuration = sgx == TcbStatus.CONFIGURATION_NEEDED
            || sgx == TcbStatus.CONFIGURATION_AND_SW_HARDENING_NEEDED
            || status == TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED;
        return configuration
            ? TcbStatus.TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
            : TcbStatus.TD_RELAUNCH_ADVISED;
    }

    /// @dev The module that runs now is Intel's newest, though the TD was started on an older one.
    function _runsOnNewest(TcbInfo memory info, bytes16 teeTcbSvn2) private pure returns (bool) {
        bytes16 newest = info.levels[0].tdxComponents;
        if (teeTcbSvn2[2] < newest[2]) return false;
        uint8 version = uint8(teeTcbSvn2[1]);
        if (version == 0) return teeTcbSvn2[0] >= newest[0];
        (bool found, TdxModuleIdentity memory identity) = _identity(info, version);
        return found && identity.levels.length != 0 && uint8(teeTcbSvn2[0]) >= identity.levels[0].isvSvn;
    }
}
