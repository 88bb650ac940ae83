package peers

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxKey bounds the length of keys that a definition may claim, in bytes. HAProxy
// has no limit of its own, but a key must fit into a message.
const maxKey = 16384

// parseKey returns the key at the start of b without its length. It aliases b.
// A string that is too long for its table is refused. HAProxy cuts it, which turns
// it into another key: one that nobody has counted.
func (d *Definition) parseKey(b []byte) (key []byte, n int, err error) {
	size := d.KeyLen
	if d.KeyType == KeyString {
		size, n, err = parseVarint(b)
		if err != nil {
			return nil, 0, err
		}
		if size >= d.KeyLen { // KeyLen counts the final NUL that is not sent
			return nil, 0, fmt.Errorf("key of %d bytes in a table for %d", size, d.KeyLen-1)
		}
	}
	if size > uint64(len(b)-n) {
		return nil, 0, errShort
	}
	end := n + int(size)
	return b[n:end:end], end, nil
}

func (d *Definition) appendKey(b, key []byte) []byte {
	if d.KeyType == KeyString {
		b = appendVarint(b, uint64(len(key)))
	}
	return append(b, key...)
}

// KeyText writes a key of the table as `show table` does: strings as they are,
// integers as unsigned decimals, addresses in their usual form, binary in hexadecimal.
func (d *Definition) KeyText(key []byte) string {
	switch {
	case d.KeyType == KeyString:
		return string(key)
	case d.KeyType == KeyInteger && len(key) == 4:
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32(key)), 10)
	case d.KeyType == KeyIPv4 || d.KeyType == KeyIPv6:
		if a, ok := netip.AddrFromSlice(key); ok {
			return a.String()
		}
	}
	return strings.ToUpper(hex.EncodeToString(key))
}
