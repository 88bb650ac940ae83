// Package matrix sums up what each fault did to the counts: one row per fault, style
// of keys and version of HAProxy, made from judged runs. It plays nothing.
package matrix
