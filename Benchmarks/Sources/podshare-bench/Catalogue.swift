/// All that can be measured, in the order in which it is.
enum Catalogue {
  static let experiments: [Experiment] =
    [
      Reading.oneKey, Reading.manyKeys, Reading.twoThreads, Reading.withWriter,
      Writing.sets, Dispatching.floods, Dispatching.asleep,
      Propagation.awake, Propagation.asleep, Propagation.throughput,
      Mesh.propagation, Mesh.onLoop, Mesh.throughput, Mesh.joining,
    ] + OverRedis.experiments + [
      Footprint.bytesPerEntry, Flushing.afterOneWrite, Healing.idle, Healing.oneDifference,
    ] + Growth.experiments

  static let figures = experiments.flatMap(\.figures)
}
