// Package check judges records. Each check is one file; a check reads what one
// trial, or one run, observed, and answers pass, fail or unknown. It never
// measures, waits or retries, and shares no code with the tracker.
package check
