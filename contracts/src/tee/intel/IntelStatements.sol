// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "../certificates/Der.sol";
import {IntelFields} from "./IntelFields.sol";
import {IntelLevels} from "./IntelLevels.sol";
import {Json, JsonCursor} from "./Json.sol";
import {QeIdentity, TcbInfo, TdxModule, TdxModuleIdentity} from "./IntelTcb.sol";

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
    /// @dev Intel's list has two modules.
    uint256 private constant MAX_MODULES = 16;

    uint256 private constant TCB_INFO_VERSION = 3;
    uint256 private constant QE_IDENTITY_VERSION = 2;

    /// @dev Bits of the fields that must be there. Of TCB information all but the identities of modules, which families
    ///      without TDX 1.5 lack.
    uint256 private constant ALL_OF_TCB_INFO = 0x77f;
    uint256 private constant ALL_OF_QE_IDENTITY = 0xfff;
    uint256 private constant ALL_OF_MODULE = 7;
    uint256 private constant ALL_OF_IDENTITY = 0x1f;

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
            found = IntelFields.once(cursor, found, field);
        }
        IntelFields.requireAll(cursor, found, ALL_OF_TCB_INFO);
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
            found = IntelFields.once(cursor, found, field);
        }
        IntelFields.requireAll(cursor, found, ALL_OF_QE_IDENTITY);
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
            IntelFields.requireVersion(cursor, version);
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
            IntelFields.requireVersion(cursor, 0);
            return 256;
        }
        if (name == TDX_MODULE) {
            _readModule(cursor, info.module);
            return 512;
        }
        if (name == TCB_LEVELS) {
            info.levels = IntelLevels.readPlatformLevels(cursor);
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
            identity.levels = IntelLevels.readEnclaveLevels(cursor);
            return 2048;
        }
        return 0;
    }

    function _readIdentities(JsonCursor memory cursor) private pure returns (TdxModuleIdentity[] memory identities) {
        identities = new TdxModuleIdentity[](MAX_MODULES);
        uint256 count;
        for (bool more = Json.open(cursor, Json.LIST); more; more = Json.next(cursor, Json.LIST_END)) {
            require(count < MAX_MODULES, IntelFields.IntelFields_InvalidList(cursor.position));
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
                identity.levels = IntelLevels.readEnclaveLevels(cursor);
                field = 2;
            } else {
                field = _readModuleField(cursor, name, identity.module) << 2;
                if (field == 0) Json.skip(cursor);
            }
            found = IntelFields.once(cursor, found, field);
        }
        IntelFields.requireAll(cursor, found, ALL_OF_IDENTITY);
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
            found = IntelFields.once(cursor, found, field);
        }
        IntelFields.requireAll(cursor, found, ALL_OF_MODULE);
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

    /// @dev Intel's JSON has it as a number, a report little-endian.
    function _reversed(bytes4 value) private pure returns (bytes4) {
        uint32 number = uint32(value);
        number = ((number & 0x00ff00ff) << 8) | ((number >> 8) & 0x00ff00ff);
        return bytes4((number << 16) | (number >> 16));
    }
}
