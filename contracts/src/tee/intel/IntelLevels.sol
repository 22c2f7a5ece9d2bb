// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IntelFields} from "./IntelFields.sol";
import {EnclaveLevel, PlatformLevel, TcbStatus} from "./IntelTcb.sol";
import {Json, JsonCursor} from "./Json.sol";

/// @title IntelLevels
/// @notice Reads the levels of TCBs in Intel's statements (PCS API version 4, `tcbLevels`), in the order in which they
///         stand.
library IntelLevels {
    /// @dev Intel's lists have 20 levels at most.
    uint256 private constant MAX_LEVELS = 48;
    uint256 private constant COMPONENTS = 16;

    /// @dev Bits of the fields that must be there: all of a TCB, all of a level but its advisories.
    uint256 private constant ALL_OF_TCB = 7;
    uint256 private constant ALL_OF_LEVEL = 3;

    // Names of fields.
    bytes32 private constant TCB = keccak256("tcb");
    bytes32 private constant TCB_STATUS = keccak256("tcbStatus");
    bytes32 private constant ADVISORIES = keccak256("advisoryIDs");
    bytes32 private constant SGX_COMPONENTS = keccak256("sgxtcbcomponents");
    bytes32 private constant TDX_COMPONENTS = keccak256("tdxtcbcomponents");
    bytes32 private constant PCE_SVN = keccak256("pcesvn");
    bytes32 private constant SVN = keccak256("svn");
    bytes32 private constant ISV_SVN = keccak256("isvsvn");

    /// @notice The list of a platform's levels.
    function readPlatformLevels(JsonCursor memory cursor) internal pure returns (PlatformLevel[] memory levels) {
        levels = new PlatformLevel[](MAX_LEVELS);
        uint256 count;
        for (bool more = Json.open(cursor, Json.LIST); more; more = Json.next(cursor, Json.LIST_END)) {
            require(count < MAX_LEVELS, IntelFields.IntelFields_InvalidList(cursor.position));
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
            found = IntelFields.once(cursor, found, field);
        }
        IntelFields.requireAll(cursor, found, ALL_OF_LEVEL);
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
            found = IntelFields.once(cursor, found, field);
        }
        IntelFields.requireAll(cursor, found, ALL_OF_TCB);
    }

    function _readComponents(JsonCursor memory cursor) private pure returns (bytes16) {
        uint128 components;
        uint256 count;
        for (bool more = Json.open(cursor, Json.LIST); more; more = Json.next(cursor, Json.LIST_END)) {
            ++count;
            require(count <= COMPONENTS, IntelFields.IntelFields_InvalidList(cursor.position));
            components = (components << 8) | uint128(_readSvn(cursor, SVN, type(uint8).max));
        }
        require(count == COMPONENTS, IntelFields.IntelFields_InvalidList(cursor.position));
        return bytes16(components);
    }

    /// @dev An object with one number that is read.
    function _readSvn(JsonCursor memory cursor, bytes32 wanted, uint256 most) private pure returns (uint256 svn) {
        uint256 found;
        for (bool more = Json.open(cursor, Json.OBJECT); more; more = Json.next(cursor, Json.OBJECT_END)) {
            if (Json.name(cursor) == wanted) {
                svn = Json.number(cursor, most);
                found = IntelFields.once(cursor, found, 1);
            } else {
                Json.skip(cursor);
            }
        }
        IntelFields.requireAll(cursor, found, 1);
    }

    /// @notice The list of levels of the quoting enclave or of a TDX module.
    function readEnclaveLevels(JsonCursor memory cursor) internal pure returns (EnclaveLevel[] memory levels) {
        levels = new EnclaveLevel[](MAX_LEVELS);
        uint256 count;
        for (bool more = Json.open(cursor, Json.LIST); more; more = Json.next(cursor, Json.LIST_END)) {
            require(count < MAX_LEVELS, IntelFields.IntelFields_InvalidList(cursor.position));
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
                require(known, IntelFields.IntelFields_UnknownStatus(position));
                field = 2;
            } else if (name == ADVISORIES) {
                level.advisories = _readAdvisories(cursor);
                field = 4;
            } else {
                Json.skip(cursor);
            }
            found = IntelFields.once(cursor, found, field);
        }
        IntelFields.requireAll(cursor, found, ALL_OF_LEVEL);
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
        require(status == keccak256("Revoked"), IntelFields.IntelFields_UnknownStatus(position));
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
}
