package simproxy

import "encoding/binary"

// The messages that a Proxy sends (doc/peers.txt; src/peers.c).
const (
	classControl = 0
	classTable   = 10

	resyncRequest  = 0
	resyncFinished = 1
	resyncPartial  = 2
	resyncConfirm  = 3
	heartbeat      = 4

	typeUpdate      = 0x80 // with 1 added its number is the previous one plus 1
	typeDefinition  = 0x82
	typeAck         = 0x84
	typeTimedUpdate = 0x85 // as typeUpdate

	keyTypeString = 6
	bitGPC0       = 1 << 2
	tableID       = 1 // there is one table
)

// appendVarint is HAProxy's intencode (src/peers.c).
func appendVarint(b []byte, v uint64) []byte {
	if v < 240 {
		return append(b, byte(v))
	}
	b = append(b, byte(v)|0xf0)
	for v = (v - 240) >> 4; v >= 128; v = (v - 128) >> 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// varintLen is how many bytes appendVarint appends.
func varintLen(v uint64) int {
	if v < 240 {
		return 1
	}
	n := 2
	for v = (v - 240) >> 4; v >= 128; v = (v - 128) >> 7 {
		n++
	}
	return n
}

// appendDefinition defines a table of string keys that stores gpc0 and never expires.
func appendDefinition(b []byte, name string, keyLen uint64) []byte {
	size := 1 + varintLen(uint64(len(name))) + len(name) + 1 + varintLen(keyLen) + 1 + 1
	b = append(b, classTable, typeDefinition)
	b = appendVarint(b, uint64(size))
	b = append(b, tableID)
	b = appendVarint(b, uint64(len(name)))
	b = append(b, name...)
	b = append(b, keyTypeString)
	b = appendVarint(b, keyLen)
	return append(b, bitGPC0, 0)
}

// form is how an update is sent.
type form struct {
	explicit bool // with its number
	timed    bool // as an answer to a resync request
}

// appendUpdate says the value of a key: customer|generation, or customer alone.
func appendUpdate(b []byte, f form, id uint32, customer, generation string, value uint32) []byte {
	keyLen := len(customer)
	if generation != "" {
		keyLen += 1 + len(generation)
	}
	typ, size := byte(typeUpdate), varintLen(uint64(keyLen))+keyLen+varintLen(uint64(value))
	if f.timed {
		typ = typeTimedUpdate
		size += 4
	}
	if f.explicit {
		size += 4
	} else {
		typ++
	}
	b = append(b, classTable, typ)
	b = appendVarint(b, uint64(size))
	if f.explicit {
		b = binary.BigEndian.AppendUint32(b, id)
	}
	if f.timed {
		b = append(b, 0, 0, 0, 0) // the entry never expires
	}
	b = appendVarint(b, uint64(keyLen))
	b = append(b, customer...)
	if generation != "" {
		b = append(b, '|')
		b = append(b, generation...)
	}
	return appendVarint(b, uint64(value))
}

// appendAck acknowledges what a tracker taught.
func appendAck(b []byte, table uint64, id uint32) []byte {
	b = append(b, classTable, typeAck)
	b = appendVarint(b, uint64(varintLen(table)+4))
	b = appendVarint(b, table)
	return binary.BigEndian.AppendUint32(b, id)
}
