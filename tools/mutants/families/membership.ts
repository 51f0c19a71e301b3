/**
 * Bugs in changes of the membership.
 *
 * @module
 */
import type { Excused, Mutant } from "../mutant.ts";

const OWN_COMMIT =
  "  if (index > state.commitIndex || !knowsCommitIndex(state)) {\n    return { kind";

/** All of them. */
export const MEMBERSHIP: readonly Mutant[] = [
  {
    row: "M1",
    bug: "a leader takes a change before it has committed an entry of its own",
    file: "core/raft/reconfiguration.ts",
    anchor: OWN_COMMIT,
    replacement: "  if (index > state.commitIndex) {\n    return { kind",
    killer: { harness: "sim", seeds: 100, rules: ["I16"] },
  },
  {
    row: "M1",
    bug: "a leader takes a change while the one before is not committed",
    file: "core/raft/reconfiguration.ts",
    anchor: OWN_COMMIT,
    replacement: "  if (!knowsCommitIndex(state)) {\n    return { kind",
    killer: { harness: "sim", seeds: 100, rules: ["I16"] },
  },
  {
    row: "M2",
    bug: "a configuration is in force only once it is applied",
    file: "core/raft/state.ts",
    anchor: "      return configurations.latest.configuration;",
    replacement: "      return configurations.at(this.handedIndex);",
    killer: { harness: "sim", seeds: 20, rules: ["I16"] },
  },
  {
    row: "M3",
    bug: "a joint configuration stays when its leader is lost",
    file: "core/raft/reconfiguration.ts",
    anchor: "  if (isJoint(configuration)) {",
    replacement: `  if (isJoint(configuration) && state.log.termAt(index) !== state.term) return;
  if (isJoint(configuration)) {`,
    killer: { harness: "sim", seeds: 100, rules: ["I38"] },
  },
  {
    row: "M3",
    bug: "a joint configuration is never left",
    file: "core/raft/reconfiguration.ts",
    anchor:
      "  if (isJoint(configuration)) {\n    appendConfiguration(state, role, leaveJoint(configuration));\n    return;\n  }",
    replacement: "  if (isJoint(configuration)) return;",
    killer: { harness: "sim", seeds: 100, rules: ["I38"] },
  },
  {
    row: "M5",
    bug: "after a restart a node goes by the members of its snapshot alone",
    file: "core/raft/state.ts",
    anchor:
      "  for (const entry of log.wholeAfter(start)) noteConfiguration(configurations, entry);\n",
    replacement: "",
    killer: { harness: "sim", seeds: 60, rules: ["I5", "I9", "I16", "I38"] },
  },
  {
    row: "M7",
    bug: "a learner that never answered begins to vote",
    file: "core/raft/reconfiguration.ts",
    anchor: "  return hasAnsweredLately(state, progress) &&",
    replacement: "  return true || hasAnsweredLately(state, progress) &&",
    also: [{
      file: "core/raft/reconfiguration.ts",
      anchor: '  if (progress === undefined || progress.feed.kind !== "replicate") return false;\n',
      replacement: "  if (progress === undefined) return false;\n",
    }],
    killer: { harness: "sim", seeds: 50, rules: ["I16"] },
  },
  {
    row: "M9",
    bug: "a removed node that lost its memory comes back under its old name",
    file: "transport/mesh.ts",
    anchor: '    if (!link.accepts(incarnation)) return "other_incarnation";\n',
    replacement: "",
    killer: { harness: "sim", seeds: 100, rules: ["I36"] },
  },
  {
    row: "M11",
    bug: "a received snapshot does not bring its configuration",
    file: "core/raft/snapshot_transfer.ts",
    anchor:
      "  state.configurations.reset({ index: meta.last.index, configuration: meta.configuration });",
    replacement:
      "  const { configuration } = state;\n  state.configurations.reset({ index: meta.last.index, configuration });",
    killer: { harness: "sim", seeds: 60, rules: ["I16", "I18"] },
  },
  {
    row: "M11",
    bug: "a snapshot carries a configuration that is later than its last entry",
    file: "core/replica/replica.ts",
    anchor: "    const configuration = this.#node.configurationAt(last.index);",
    replacement: "    const { configuration } = this.#node;",
    killer: { harness: "sim", seeds: 100, rules: ["I16", "I18"] },
  },
  {
    row: "M12",
    bug: "a leader that removed itself leads on",
    file: "core/raft/reconfiguration.ts",
    anchor: "    giveWay(state, role);\n    return;\n",
    replacement: "    return;\n",
    killer: { harness: "sim", seeds: 50, rules: ["I17"] },
  },
  {
    row: "E12",
    bug: "a node that was removed starts elections",
    file: "core/raft/election.ts",
    anchor:
      "  return state.configurations.mayVote(state.id, state.commitIndex) && state.installing",
    replacement: "  return state.installing",
    killer: { harness: "sim", seeds: 50, rules: ["I17"] },
  },
  {
    row: "own 1",
    bug: "a hand-over goes to a voter that has not answered for long",
    file: "core/raft/transfer.ts",
    anchor: ".filter((progress) => hasAnsweredLately(state, progress))",
    replacement: "",
    killer: {
      harness: "test",
      file: "core/raft/transfer_test.ts",
      name: "to nobody who has not answered",
    },
  },
  {
    row: "own 2",
    bug: "a hand-over goes to a learner",
    file: "core/raft/transfer.ts",
    anchor: ".filter((progress) => isVoter(state.configuration, progress.id))",
    replacement: "",
    killer: { harness: "test", file: "core/raft/transfer_test.ts", name: "to no learner" },
  },
  {
    row: "own 3",
    bug: "the leader writes a configuration in the middle of a hand-over",
    file: "core/raft/reconfiguration.ts",
    anchor: "  if (role.transfer !== null) return;\n  const acquainted",
    replacement: "  const acquainted",
    killer: {
      harness: "test",
      file: "core/raft/transfer_test.ts",
      name: "writes nothing of its own",
    },
  },
  {
    row: "own 4",
    bug: "a leader that removed itself hands over to a learner",
    file: "core/raft/reconfiguration.ts",
    anchor: ".filter(({ id }) => state.configuration.voters.includes(id))\n",
    replacement: "",
    killer: {
      harness: "test",
      file: "core/raft/reconfiguration_test.ts",
      name: "removes itself hands over to no learner",
    },
  },
  {
    row: "own 5",
    bug: "a leader that removed itself hands over to the voter that is furthest behind",
    file: "core/raft/reconfiguration.ts",
    anchor: ".sort((a, b) => b.matchIndex - a.matchIndex);\n  if (heir",
    replacement: ".sort((a, b) => a.matchIndex - b.matchIndex);\n  if (heir",
    killer: {
      harness: "test",
      file: "core/raft/reconfiguration_test.ts",
      name: "to the voter that is furthest along",
    },
  },
];

/** Rows without a mutant. */
export const MEMBERSHIP_EXCUSED: readonly Excused[] = [];
