// Package harnesstest plays whole trials without any server, in milliseconds: a
// site in memory stands for proxies, origins and tracker, a scripted driver for
// the generator, and either can be made a liar that a check must catch.
package harnesstest
