// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {GovernanceTimelock} from "../../src/governance/GovernanceTimelock.sol";
import {PhaGovernor} from "../../src/governance/PhaGovernor.sol";
import {Base} from "./Base.sol";

/// @notice Votes by time, minted by whoever asks; who never delegated votes for himself, as with vPHA.
contract VotesToken is ERC20, ERC20Permit, ERC20Votes {
    constructor() ERC20("Votes", "VOTE") ERC20Permit("Votes") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external {
        _burn(from, amount);
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        if (to != address(0) && delegates(to) == address(0)) _delegate(to, to);
        super._update(from, to, value);
    }
}

/// @notice Something that is governed.
contract Governed {
    uint256 public value;
    address private immutable OWNER;

    error Governed_NotTheOwner();

    constructor(address owner) {
        OWNER = owner;
    }

    function set(uint256 value_) external {
        require(msg.sender == OWNER, Governed_NotTheOwner());
        value = value_;
    }
}

/// @title GovernorFixture
/// @notice A governor with its timelock over votes that anyone mints, something that is governed, and verbs to propose,
///         decide, queue and execute.
abstract contract GovernorFixture is Base {
    uint48 internal constant DELAY = 1 days;
    uint32 internal constant PERIOD = 7 days;
    uint48 internal constant EXTENSION = 2 days;
    uint48 internal constant GUARDIAN_WINDOW = 1 days;
    uint256 internal constant L2_DELAY = 2 days;
    uint256 internal constant THRESHOLD = 1_000 ether;
    uint256 internal constant SUPPLY = 1_000_000 ether;
    uint256 internal constant FLOOR = SUPPLY / 100;
    uint8 internal constant FOR = 1;

    address internal proposer = account("proposer");
    address internal whale = account("whale");
    address internal guardian = account("guardian");
    address internal anyone = account("anyone");

    VotesToken internal token;
    GovernanceTimelock internal timelock;
    PhaGovernor internal governor;
    Governed internal governed;

    address[] internal targets;
    uint256[] internal values;
    bytes[] internal calldatas;
    string internal description = "raise the value";

    function setUp() public {
        vm.warp(1_000_000);
        token = new VotesToken();
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        timelock = new GovernanceTimelock(L2_DELAY, next);
        governor = new PhaGovernor(_parameters());
        governed = new Governed(address(timelock));
        token.mint(proposer, THRESHOLD);
        token.mint(whale, SUPPLY - THRESHOLD);
        _wait(1);
        _call(address(governed), 0, abi.encodeCall(Governed.set, (7)));
    }

    function _parameters() internal view returns (PhaGovernor.Parameters memory) {
        return PhaGovernor.Parameters({
            token: token,
            timelock: timelock,
            votingDelay: DELAY,
            votingPeriod: PERIOD,
            proposalThreshold: THRESHOLD,
            quorumPercent: 4,
            quorumFloor: FLOOR,
            lateQuorumExtension: EXTENSION,
            guardian: guardian,
            guardianWindow: GUARDIAN_WINDOW
        });
    }

    function _wait(uint256 time) internal {
        vm.warp(block.timestamp + time);
    }

    function _call(address target, uint256 value, bytes memory data) internal {
        (targets, values, calldatas) = (new address[](1), new uint256[](1), new bytes[](1));
        (targets[0], values[0], calldatas[0]) = (target, value, data);
    }

    function _propose(address from) internal returns (uint256) {
        vm.prank(from);
        return governor.propose(targets, values, calldatas, description);
    }

    function _succeed() internal returns (uint256 id) {
        id = _propose(proposer);
        _wait(DELAY + 1);
        vm.prank(whale);
        governor.castVote(id, FOR);
        _wait(PERIOD);
    }

    function _queueCall() internal view returns (bytes memory) {
        return _byCalls("queue(address[],uint256[],bytes[],bytes32)");
    }

    function _executeCall() internal view returns (bytes memory) {
        return _byCalls("execute(address[],uint256[],bytes[],bytes32)");
    }

    function _byCalls(string memory signature) internal view returns (bytes memory) {
        return abi.encodeWithSignature(signature, targets, values, calldatas, keccak256(bytes(description)));
    }

    function _must(bytes memory call) internal {
        (bool success,) = address(governor).call(call);
        assertTrue(success, "the governor refuses");
    }

    function _refuse(string memory what, bytes memory call) internal {
        (bool success,) = address(governor).call(call);
        assertFalse(success, what);
    }
}
