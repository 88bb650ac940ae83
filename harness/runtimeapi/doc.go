// Package runtimeapi reads HAProxy's Runtime API: its text over a socket, and
// nothing else. It is a leaf: it knows nothing of labs, and shares nothing with
// the code that is under test.
package runtimeapi
