// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "./Der.sol";
import {Certificate, X509} from "./X509.sol";

/// @notice What Intel certifies of the platform that holds a provisioning certification key (PCK).
/// @param ppid The platform's provisioning identifier.
/// @param tcbComponents Security version of each of the 16 components, one byte each.
/// @param pceSvn Security version of the provisioning certification enclave.
/// @param cpuSvn The CPU's security version, as the CPU writes it.
/// @param pceId Identifier of that enclave.
/// @param fmspc Family, model, stepping, platform and custom SKU: the key to Intel's TCB information.
/// @param sgxType 0 standard, 1 scalable, 2 scalable with integrity.
struct IntelPck {
    bytes16 ppid;
    bytes16 tcbComponents;
    uint16 pceSvn;
    bytes16 cpuSvn;
    bytes2 pceId;
    bytes6 fmspc;
    uint8 sgxType;
}

/// @title IntelExtensions
/// @notice Reads the SGX extension 1.2.840.113741.1.13.1 of a PCK certificate (Intel SGX PCK Certificate and Certificate
///         Revocation List Profile Specification, section 1.3.5).
library IntelExtensions {
    /// @notice A field that stands twice.
    error IntelExtensions_Repeated(uint8 field);

    /// @notice A certificate that lacks a field that each PCK certificate has; bit i of `found` is field i.
    error IntelExtensions_Missing(uint256 found);

    /// @notice A field of another size or range than it has.
    error IntelExtensions_InvalidField(uint8 field);

    /// @dev Contents of the object identifiers: the extension's, and what the fields' begin with.
    bytes private constant SGX = hex"2a864886f84d010d01";
    uint256 private constant PREFIX = 9;

    uint8 private constant PPID = 1;
    uint8 private constant TCB = 2;
    uint8 private constant PCE_ID = 3;
    uint8 private constant FMSPC = 4;
    uint8 private constant SGX_TYPE = 5;

    /// @dev Fields 1 to 5. Others (platform instance, configuration) are passed over.
    uint256 private constant ALWAYS = 62;

    /// @dev Elements of the TCB: 16 components, the PCE's version, the CPU's.
    uint8 private constant COMPONENTS = 16;
    uint8 private constant PCE_SVN = 17;
    uint8 private constant CPU_SVN = 18;

    /// @notice Reads the extension.
    function read(bytes memory der, Certificate memory certificate) internal pure returns (IntelPck memory pck) {
        bytes memory data = X509.extension(der, certificate, SGX);
        uint256 found;
        uint256 position = Der.expectLast(data, 0, data.length, Der.SEQUENCE);
        while (position < data.length) {
            (uint256 content, uint256 next) = Der.expect(data, position, data.length, Der.SEQUENCE);
            uint8 field;
            (field, content) = _field(data, content, next, PREFIX);
            require(found & (1 << field) == 0, IntelExtensions_Repeated(field));
            found |= 1 << field;
            if (field == PPID) pck.ppid = bytes16(_octets(data, content, next, 16, field));
            else if (field == TCB) _readTcb(data, content, next, pck);
            else if (field == PCE_ID) pck.pceId = bytes2(_octets(data, content, next, 2, field));
            else if (field == FMSPC) pck.fmspc = bytes6(_octets(data, content, next, 6, field));
            else if (field == SGX_TYPE) pck.sgxType = _sgxType(data, content, next);
            position = next;
        }
        require(found & ALWAYS == ALWAYS, IntelExtensions_Missing(found));
    }

    /// @dev The last part of the object identifier at `position`, which has one more than `prefix` bytes.
    function _field(bytes memory data, uint256 position, uint256 end, uint256 prefix)
        private
        pure
        returns (uint8 field, uint256 next)
    {
        uint256 start;
        (start, next) = Der.expect(data, position, end, Der.OBJECT_IDENTIFIER);
        require(next - start == prefix + 1, IntelExtensions_InvalidField(0));
        field = uint8(data[next - 1]);
        bool known = prefix == PREFIX
            ? Der.digest(data, start, next - 1) == keccak256(SGX)
            : Der.digest(data, start, next - 1) == keccak256(bytes.concat(SGX, bytes1(TCB)));
        require(known, IntelExtensions_InvalidField(field));
    }

    /// @dev The 18 elements, each once and in order.
    function _readTcb(bytes memory data, uint256 position, uint256 end, IntelPck memory pck) private pure {
        position = Der.expectLast(data, position, end, Der.SEQUENCE);
        uint128 components;
        for (uint8 i = 1; i <= CPU_SVN; ++i) {
            (uint256 content, uint256 next) = Der.expect(data, position, end, Der.SEQUENCE);
            uint8 element;
            (element, content) = _field(data, content, next, PREFIX + 1);
            require(element == i, IntelExtensions_InvalidField(element));
            if (i == CPU_SVN) {
                pck.cpuSvn = bytes16(_octets(data, content, next, 16, i));
            } else {
                (uint64 svn, uint256 last) = Der.small(data, content, next);
                require(
                    last == next && svn <= (i == PCE_SVN ? type(uint16).max : type(uint8).max),
                    IntelExtensions_InvalidField(i)
                );
                if (i <= COMPONENTS) components = (components << 8) | svn;
                else pck.pceSvn = uint16(svn);
            }
            position = next;
        }
        require(position == end, Der.Der_TrailingBytes(position));
        pck.tcbComponents = bytes16(components);
    }

    /// @dev An OCTET STRING of `size` bytes, on the left of a word.
    function _octets(bytes memory data, uint256 position, uint256 end, uint256 size, uint8 field)
        private
        pure
        returns (bytes32)
    {
        uint256 start = Der.expectLast(data, position, end, Der.OCTET_STRING);
        require(end - start == size, IntelExtensions_InvalidField(field));
        return bytes32(Der.slice(data, start, end));
    }

    /// @dev An ENUMERATED of one byte.
    function _sgxType(bytes memory data, uint256 position, uint256 end) private pure returns (uint8 value) {
        uint256 start = Der.expectLast(data, position, end, Der.ENUMERATED);
        require(end - start == 1, IntelExtensions_InvalidField(SGX_TYPE));
        value = uint8(data[start]);
        require(value <= 2, IntelExtensions_InvalidField(SGX_TYPE));
    }
}
