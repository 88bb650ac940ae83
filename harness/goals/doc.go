// Package goals is what the benches of single parts print: results that are met
// or missed, as a Markdown table or as JSON, and the machine they come from. The
// benches themselves are programs beside the part that they measure.
package goals
