// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice A token that keeps one wei of each transfer, or calls back whoever it is told to.
contract TrickToken is ERC20 {
    address private _target;
    bytes private _call;
    bool public takesFee;
    bool public refusedReentry;

    constructor(address holder) ERC20("trick", "TRICK") {
        _mint(holder, 10_000_000 ether);
    }

    function setFee(bool takesFee_) external {
        takesFee = takesFee_;
    }

    function setCallback(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (takesFee && from != address(0)) {
            super._update(from, address(0xfee), 1);
            value -= 1;
        }
        super._update(from, to, value);
        if (_target == address(0)) return;
        (bool done, bytes memory reason) = _target.call(_call);
        refusedReentry = !done && bytes4(reason) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector;
    }
}
