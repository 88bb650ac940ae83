// Package stats holds numbers and nothing else: histograms of durations,
// quantiles of samples, medians with their intervals. It knows no attempt, no
// clock and no file.
package stats
