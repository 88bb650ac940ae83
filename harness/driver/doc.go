// Package driver offers workloads: it turns a workload into a stream of targets,
// sends each at the time that the schedule wants, and reports every attempt as
// the client saw it.
//
// Its parts are small and know little of each other. Targets say what attempt k
// asks for, a pure function of workload, seed and k. A schedule says when attempt
// k is due. A client sends one attempt, once and never again, and says truthfully
// how it ended. A driver, such as vegeta, brings the three together.
package driver
