// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EvidenceBinding} from "../../src/tee/EvidenceBinding.sol";
import {Base} from "./Base.sol";

/// @notice What L1 wants of evidence is what provers ask hardware for: both read protocol/vectors/evidence-binding.json.
contract EvidenceBindingTest is Base {
    string private _json;

    function setUp() public {
        _json = vm.readFile("./protocol/vectors/evidence-binding.json");
    }

    function test_commitments_and_nonces_equal_the_shared_vectors() public {
        uint256 count;
        for (; vm.keyExistsJson(_json, _path(count, ".reportData")); ++count) {
            vm.chainId(1);
            address registry = vm.parseJsonAddress(_json, _path(count, ".registry"));
            address key = vm.parseJsonAddress(_json, _path(count, ".key"));
            bytes32 head = vm.parseJsonBytes32(_json, _path(count, ".l1BlockHash"));
            uint64 version = uint64(vm.parseJsonUint(_json, _path(count, ".policyVersion")));
            vm.chainId(vm.parseJsonUint(_json, _path(count, ".chainId")));
            bytes memory found = abi.encode(
                EvidenceBinding.keyCommitment(registry, key, head, version),
                EvidenceBinding.gpuReportsCommitment(_reportHashes(count))
            );
            assertEq(found, vm.parseJsonBytes(_json, _path(count, ".reportData")));
            uint32[3] memory devices = [uint32(0), 1, 7];
            for (uint256 i = 0; i < devices.length; ++i) {
                string memory place = _path(count, string.concat(".gpuNonces[", vm.toString(i), "]"));
                assertEq(
                    EvidenceBinding.gpuNonce(registry, key, head, devices[i]), vm.parseJsonBytes32(_json, place)
                );
            }
        }
        assertTrue(count != 0, "the file has vectors");
    }

    function _reportHashes(uint256 index) private view returns (bytes32[] memory hashes) {
        uint256 count;
        while (vm.keyExistsJson(_json, _report(index, count))) ++count;
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            hashes[i] = keccak256(vm.parseJsonBytes(_json, _report(index, i)));
        }
    }

    function _report(uint256 index, uint256 report) private pure returns (string memory) {
        return _path(index, string.concat(".reports[", vm.toString(report), "]"));
    }

    function _path(uint256 index, string memory rest) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(index), "]", rest);
    }
}
