// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "../certificates/Der.sol";
import {Json, JsonCursor} from "./Json.sol";
import {
    EnclaveLevel,
    PlatformLevel,
    QeIdentity,
    TcbInfo,
    TcbStatus,
    TdxModule,
    TdxModuleIdentity
} from "./IntelTcb.sol";

/// @notice What a statement of Intel's says of itself.
/// @param id keccak256 of its `id`.
/// @param issueDate First second for which it holds.
/// @param nextUpdate Last one.
/// @param evaluation Number of the evaluation of TCBs that it is of.
/// @param fmspc Family of platforms; zero for a quoting enclave's identity.
/// @param pceId As fmspc.
struct StatementHead {
    bytes32 id;
    uint64 issueDate;
    uint64 nextUpdate;
    uint32 evaluation;
    bytes6 fmspc;
    bytes2 pceId;
}

/// @title IntelStatements
/// @notice Reads the JSON that Intel signs: TCB information of version 3 and identities of quoting enclaves of version 2
///         (PCS API version 4). Fields may have any order; those read here are all there, each once; others are passed
///         over.
library IntelStatements {
    /// @notice A field that stands twice.
    error IntelStatements_Repeated(uint256 position);

    /// @notice An object that ends at `position` and lacks a field; bit i of `found` is field i.
    error IntelStatements_Missing(uint256 position, uint256 found);

    /// @notice Another version or type than is read here.
    error IntelStatements_UnknownVersion(uint256 position);

    /// @notice A status that is not known, or not of what it stands at.
    error IntelStatements_UnknownStatus(uint256 position);

    /// @notice A list that is longer than any of Intel's, or of another length than it must have.
    error IntelStatements_InvalidList(uint256 position);

    /// @dev Bounds of lists. Intel's have 20 levels and 2 modules at most.
    uint256 private constant MAX_LEVELS = 48;
    uint256 private constant MAX_MODULES = 16;
    uint256 private constant COMPONENTS = 16;

    uint256 private constant TCB_INFO_VERSION = 3;
    uint256 private constant QE_IDENTITY_VERSION = 2;

    // Names of fields.
    bytes32 private constant ID = keccak256("id");
    bytes32 private constant VERSION = keccak256("version");
    bytes32 private constant ISSUE_DATE = keccak256("issueDate");
    bytes32 private constant NEXT_UPDATE = keccak256("nextUpdate");
    bytes32 private constant EVALUATION = keccak256("tcbEvaluationDataNumber");
    bytes32 private constant FMSPC = keccak256("fmspc");
    bytes32 private constant PCE_ID = keccak256("pceId");
    bytes32 private constant TCB_TYPE = keccak256("tcbType");
    bytes32 private constant TDX_MODULE = keccak256("tdxModule");
    bytes32 private constant TDX_MODULE_IDENTITIES = keccak256("tdxModuleIdentities");
    bytes32 private constant TCB_LEVELS = keccak256("tcbLevels");
    bytes32 private constant TCB = keccak256("tcb");
    bytes32 private constant TCB_STATUS = keccak256("tcbStatus");
    bytes32 private constant ADVISORIES = keccak256("advisoryIDs");
    bytes32 private constant SGX_COMPONENTS = keccak256("sgxtcbcomponents");
    bytes32 private constant TDX_COMPONENTS = keccak256("tdxtcbcomponents");
    bytes32 private constant PCE_SVN = keccak256("pcesvn");
    bytes32 private constant SVN = keccak256("svn");
    bytes32 private constant ISV_SVN = keccak256("isvsvn");
    bytes32 private constant MRSIGNER = keccak256("mrsigner");
    bytes32 private constant ATTRIBUTES = keccak256("attributes");
    bytes32 private constant ATTRIBUTES_MASK = keccak256("attributesMask");
    bytes32 private constant MISC_SELECT = keccak256("miscselect");
    bytes32 private constant MISC_SELECT_MASK = keccak256("miscselectMask");
    bytes32 private constant ISV_PROD_ID = keccak256("isvprodid");

    /// @notice Reads TCB information of TDX, from the first character to the last.
    function readTcbInfo(bytes memory json) internal pure returns (StatementHead memory head, TcbInfo memory info) {
        JsonCursor memory cursor = JsonCursor(json, 0);
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            bytes32 name = Json.name(cursor);
            uint256 field = _readHead(cursor, name, head, TCB_INFO_VERSION);
            if (field == 0) field = _readTcbInfoField(cursor, name, head, info);
            if (field == 0) Json.skip(cursor);
            found = _once(cursor, found, field);
        }
        // All but the identities of modules, which families without TDX 1.5 lack.
        _requireFields(cursor, found, 0x77f);
        Json.close(cursor);
    }

    /// @notice Reads a quoting enclave's identity, from the first character to the last.
    function readQeIdentity(bytes memory json)
        internal
        pure
        returns (StatementHead memory head, QeIdentity memory identity)
    {
        JsonCursor memory cursor = JsonCursor(json, 0);
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            bytes32 name = Json.name(cursor);
            uint256 field = _readHead(cursor, name, head, QE_IDENTITY_VERSION);
            if (field == 0) field = _readQeField(cursor, name, identity);
            if (field == 0) Json.skip(cursor);
            found = _once(cursor, found, field);
        }
        _requireFields(cursor, found, 0xfff);
        Json.close(cursor);
    }

    /// @dev Fields 0 to 4, which all statements have. Each of these functions returns the bit of the field that it read,
    ///      or zero.
    function _readHead(JsonCursor memory cursor, bytes32 name, StatementHead memory head, uint256 version)
        private
        pure
        returns (uint256)
    {
        if (name == ID) {
            head.id = Json.word(cursor);
            return 1;
        }
        if (name == VERSION) {
            _requireVersion(cursor, version);
            return 2;
        }
        if (name == ISSUE_DATE) {
            head.issueDate = Json.time(cursor);
            return 4;
        }
        if (name == NEXT_UPDATE) {
            head.nextUpdate = Json.time(cursor);
            return 8;
        }
        if (name == EVALUATION) {
            head.evaluation = uint32(Json.number(cursor, type(uint32).max));
            return 16;
        }
        return 0;
    }

    /// @dev Fields 5 to 10.
    function _readTcbInfoField(JsonCursor memory cursor, bytes32 name, StatementHead memory head, TcbInfo memory info)
        private
        pure
        returns (uint256)
    {
        if (name == FMSPC) {
            head.fmspc = bytes6(Json.hexBytes(cursor, 6));
            return 32;
        }
        if (name == PCE_ID) {
            head.pceId = bytes2(Json.hexBytes(cursor, 2));
            return 64;
        }
        if (name == TDX_MODULE_IDENTITIES) {
            info.identities = _readIdentities(cursor);
            return 128;
        }
        if (name == TCB_TYPE) {
            // The only way of comparing levels that Intel has defined.
            _requireVersion(cursor, 0);
            return 256;
        }
        if (name == TDX_MODULE) {
            _readModule(cursor, info.module);
            return 512;
        }
        if (name == TCB_LEVELS) {
            info.levels = _readPlatformLevels(cursor);
            return 1024;
        }
        return 0;
    }

    /// @dev Fields 5 to 11.
    function _readQeField(JsonCursor memory cursor, bytes32 name, QeIdentity memory identity)
        private
        pure
        returns (uint256)
    {
        if (name == MISC_SELECT) {
            identity.miscSelect = _reversed(bytes4(Json.hexBytes(cursor, 4)));
            return 32;
        }
        if (name == MISC_SELECT_MASK) {
            identity.miscSelectMask = _reversed(bytes4(Json.hexBytes(cursor, 4)));
            return 64;
        }
        if (name == ATTRIBUTES) {
            identity.attributes = bytes16(Json.hexBytes(cursor, 16));
            return 128;
        }
        if (name == ATTRIBUTES_MASK) {
            identity.attributesMask = bytes16(Json.hexBytes(cursor, 16));
            return 256;
        }
        if (name == MRSIGNER) {
            identity.mrSigner = bytes32(Json.hexBytes(cursor, 32));
            return 512;
        }
        if (name == ISV_PROD_ID) {
            identity.isvProdId = uint16(Json.number(cursor, type(uint16).max));
            return 1024;
        }
        if (name == TCB_LEVELS) {
            identity.levels = _readEnclaveLevels(cursor);
            return 2048;
        }
        return 0;
    }

    function _readIdentities(JsonCursor memory cursor) private pure returns (TdxModuleIdentity[] memory identities) {
        identities = new TdxModuleIdentity[](MAX_MODULES);
        uint256 count;
        for (bool more = Json.open(cursor, Json.LIST); more; more = Json.next(cursor, Json.LIST_END)) {
            require(count < MAX_MODULES, IntelStatements_InvalidList(cursor.position));
            TdxModuleIdentity memory identity = _readIdentity(cursor);
            // What is not named by a version is of no TD that is read here.
            if (identity.version != 0) identities[count++] = identity;
        }
        assembly ("memory-safe") {
            mstore(identities, count)
        }
    }

    function _readIdentity(JsonCursor memory cursor) private pure returns (TdxModuleIdentity memory identity) {
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            bytes32 name = Json.name(cursor);
            uint256 field;
            if (name == ID) {
                identity.version = _readModuleVersion(cursor);
                field = 1;
            } else if (name == TCB_LEVELS) {
                identity.levels = _readEnclaveLevels(cursor);
                field = 2;
            } else {
                field = _readModuleField(cursor, name, identity.module) << 2;
                if (field == 0) Json.skip(cursor);
            }
            found = _once(cursor, found, field);
        }
        _requireFields(cursor, found, 0x1f);
    }

    /// @dev `TDX_01` is 1; zero for another form.
    function _readModuleVersion(JsonCursor memory cursor) private pure returns (uint8) {
        (uint256 start, uint256 end) = Json.text(cursor);
        bytes memory id = Der.slice(cursor.text, start, end);
        if (id.length != 6 || bytes4(id) != "TDX_") return 0;
        (uint256 high, uint256 low) = (Json.hexDigit(uint8(id[4])), Json.hexDigit(uint8(id[5])));
        return high < 16 && low < 16 ? uint8((high << 4) | low) : 0;
    }

    function _readModule(JsonCursor memory cursor, TdxModule memory module) private pure {
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            uint256 field = _readModuleField(cursor, Json.name(cursor), module);
            if (field == 0) Json.skip(cursor);
            found = _once(cursor, found, field);
        }
        _requireFields(cursor, found, 7);
    }

    function _readModuleField(JsonCursor memory cursor, bytes32 name, TdxModule memory module)
        private
        pure
        returns (uint256)
    {
        if (name == MRSIGNER) {
            module.signer = keccak256(Json.hexBytes(cursor, 48));
            return 1;
        }
        if (name == ATTRIBUTES) {
            module.attributes = bytes8(Json.hexBytes(cursor, 8));
            return 2;
        }
        if (name == ATTRIBUTES_MASK) {
            module.attributesMask = bytes8(Json.hexBytes(cursor, 8));
            return 4;
        }
        return 0;
    }

    function _readPlatformLevels(JsonCursor memory cursor) private pure returns (PlatformLevel[] memory levels) {
        levels = new PlatformLevel[](MAX_LEVELS);
        uint256 count;
        for (bool more = Json.open(cursor, Json.LIST); more; more = Json.next(cursor, Json.LIST_END)) {
            require(count < MAX_LEVELS, IntelStatements_InvalidList(cursor.position));
            levels[count++] = _readPlatformLevel(cursor);
        }
        assembly ("memory-safe") {
            mstore(levels, count)
        }
    }

    function _readPlatformLevel(JsonCursor memory cursor) private pure returns (PlatformLevel memory level) {
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            bytes32 name = Json.name(cursor);
            uint256 field;
            if (name == TCB) {
                _readPlatformTcb(cursor, level);
                field = 1;
            } else if (name == TCB_STATUS) {
                level.status = _readStatus(cursor);
                field = 2;
            } else if (name == ADVISORIES) {
                level.advisories = _readAdvisories(cursor);
                field = 4;
            } else {
                Json.skip(cursor);
            }
            found = _once(cursor, found, field);
        }
        _requireFields(cursor, found, 3);
    }

    function _readPlatformTcb(JsonCursor memory cursor, PlatformLevel memory level) private pure {
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            bytes32 name = Json.name(cursor);
            uint256 field;
            if (name == SGX_COMPONENTS) {
                level.components = _readComponents(cursor);
                field = 1;
            } else if (name == TDX_COMPONENTS) {
                level.tdxComponents = _readComponents(cursor);
                field = 2;
            } else if (name == PCE_SVN) {
                level.pceSvn = uint16(Json.number(cursor, type(uint16).max));
                field = 4;
            } else {
                Json.skip(cursor);
            }
            found = _once(cursor, found, field);
        }
        _requireFields(cursor, found, 7);
    }

    function _readComponents(JsonCursor memory cursor) private pure returns (bytes16) {
        uint128 components;
        uint256 count;
        for (bool more = Json.open(cursor, Json.LIST); more; more = Json.next(cursor, Json.LIST_END)) {
            ++count;
            require(count <= COMPONENTS, IntelStatements_InvalidList(cursor.position));
            components = (components << 8) | uint128(_readSvn(cursor, SVN, type(uint8).max));
        }
        require(count == COMPONENTS, IntelStatements_InvalidList(cursor.position));
        return bytes16(components);
    }

    /// @dev An object with one number that is read.
    function _readSvn(JsonCursor memory cursor, bytes32 wanted, uint256 most) private pure returns (uint256 svn) {
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            if (Json.name(cursor) == wanted) {
                svn = Json.number(cursor, most);
                found = _once(cursor, found, 1);
            } else {
                Json.skip(cursor);
            }
        }
        _requireFields(cursor, found, 1);
    }

    function _readEnclaveLevels(JsonCursor memory cursor) private pure returns (EnclaveLevel[] memory levels) {
        levels = new EnclaveLevel[](MAX_LEVELS);
        uint256 count;
        for (bool more = Json.open(cursor, Json.LIST); more; more = Json.next(cursor, Json.LIST_END)) {
            require(count < MAX_LEVELS, IntelStatements_InvalidList(cursor.position));
            levels[count++] = _readEnclaveLevel(cursor);
        }
        assembly ("memory-safe") {
            mstore(levels, count)
        }
    }

    function _readEnclaveLevel(JsonCursor memory cursor) private pure returns (EnclaveLevel memory level) {
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            bytes32 name = Json.name(cursor);
            uint256 field;
            if (name == TCB) {
                level.isvSvn = uint16(_readSvn(cursor, ISV_SVN, type(uint16).max));
                field = 1;
            } else if (name == TCB_STATUS) {
                uint256 position = cursor.position;
                level.status = _readStatus(cursor);
                bool known = level.status == TcbStatus.UP_TO_DATE || level.status == TcbStatus.OUT_OF_DATE
                    || level.status == TcbStatus.REVOKED;
                require(known, IntelStatements_UnknownStatus(position));
                field = 2;
            } else if (name == ADVISORIES) {
                level.advisories = _readAdvisories(cursor);
                field = 4;
            } else {
                Json.skip(cursor);
            }
            found = _once(cursor, found, field);
        }
        _requireFields(cursor, found, 3);
    }

    function _readStatus(JsonCursor memory cursor) private pure returns (TcbStatus) {
        uint256 position = cursor.position;
        bytes32 status = Json.word(cursor);
        if (status == keccak256("UpToDate")) return TcbStatus.UP_TO_DATE;
        if (status == keccak256("OutOfDate")) return TcbStatus.OUT_OF_DATE;
        if (status == keccak256("SWHardeningNeeded")) return TcbStatus.SW_HARDENING_NEEDED;
        if (status == keccak256("ConfigurationNeeded")) return TcbStatus.CONFIGURATION_NEEDED;
        if (status == keccak256("ConfigurationAndSWHardeningNeeded")) {
            return TcbStatus.CONFIGURATION_AND_SW_HARDENING_NEEDED;
        }
        if (status == keccak256("OutOfDateConfigurationNeeded")) return TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED;
        require(status == keccak256("Revoked"), IntelStatements_UnknownStatus(position));
        return TcbStatus.REVOKED;
    }

    /// @dev keccak256 of a list of texts as it is written; zero for an empty one.
    function _readAdvisories(JsonCursor memory cursor) private pure returns (bytes32 digest) {
        uint256 start = cursor.position;
        bool any = Json.open(cursor, Json.LIST);
        for (bool more = any; more; more = Json.next(cursor, Json.LIST_END)) {
            Json.text(cursor);
        }
        if (!any) return 0;
        bytes memory text = cursor.text;
        uint256 length = cursor.position - start;
        assembly ("memory-safe") {
            digest := keccak256(add(add(text, 0x20), start), length)
        }
    }

    function _requireVersion(JsonCursor memory cursor, uint256 wanted) private pure {
        uint256 position = cursor.position;
        require(Json.number(cursor, type(uint32).max) == wanted, IntelStatements_UnknownVersion(position));
    }

    /// @dev `field` is the bit of the one just read; zero for one that is passed over.
    function _once(JsonCursor memory cursor, uint256 found, uint256 field) private pure returns (uint256) {
        require(found & field == 0, IntelStatements_Repeated(cursor.position));
        return found | field;
    }

    function _requireFields(JsonCursor memory cursor, uint256 found, uint256 wanted) private pure {
        require(found & wanted == wanted, IntelStatements_Missing(cursor.position, found));
    }

    /// @dev Intel's JSON has it as a number, a report little-endian.
    function _reversed(bytes4 value) private pure returns (bytes4) {
        uint32 number = uint32(value);
        number = ((number & 0x00ff00ff) << 8) | ((number >> 8) & 0x00ff00ff);
        return bytes4((number << 16) | (number >> 16));
    }
}
