// Package reports renders a judged run: text, Markdown, HTML, SVG and PNG
// plots, JUnit XML, Go benchmark text and JSON, one file per format.
//
// A report reads a harness.Result and nothing else, so that any result.json
// can be rendered again later. It measures nothing and judges nothing. All
// strings of a result count as hostile: they are stripped of control
// characters, cut to a length and escaped by each format; every list is capped
// and says how many entries it left out.
package reports
