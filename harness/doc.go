// Package harness is the domain of haproof: scenarios, cells, labs, attempts,
// ledgers, records, checks and verdicts.
//
// A scenario asks one question of one topology under one workload. Its axes
// are fixed to get cells; each trial of a cell is driven in a lab, everything
// seen is written into a record, and only then do checks judge the record.
package harness
