// Package containers brings labs up: the nodes of a topology are rendered once
// and run by either engine, docker or process.
package containers
