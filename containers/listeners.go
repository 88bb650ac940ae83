package containers

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// whoListens names who holds a port of an address, as far as /proc tells.
func whoListens(address string, port int) string {
	somebody := fmt.Sprintf("whoever listens on port %d", port)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			at, inode, ok := listening(line)
			if ok && int(at.Port()) == port && (at.Addr().IsUnspecified() || at.Addr().Unmap().String() == address) {
				return holder(inode) + " on " + at.String()
			}
		}
	}
	return somebody
}

// stateListen is TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h).
const stateListen = "0A"

// listening reads one line of /proc/net/tcp: "0: 0100007F:1F90 00000000:0000 0A … inode".
func listening(line string) (netip.AddrPort, string, bool) {
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != stateListen {
		return netip.AddrPort{}, "", false
	}
	address, port, ok := strings.Cut(f[1], ":")
	number, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || len(address)%8 != 0 {
		return netip.AddrPort{}, "", false
	}
	var bytes []byte
	for i := 0; i < len(address); i += 8 {
		word, err := strconv.ParseUint(address[i:i+8], 16, 32)
		if err != nil {
			return netip.AddrPort{}, "", false
		}
		bytes = append(bytes, byte(word), byte(word>>8), byte(word>>16), byte(word>>24)) // each word in host order
	}
	ip, ok := netip.AddrFromSlice(bytes)
	return netip.AddrPortFrom(ip, uint16(number)), f[9], ok
}

// holder names the process that holds a socket, which /proc tells its own user
// and root only.
func holder(inode string) string {
	descriptors, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return "another process"
	}
	for _, fd := range descriptors {
		if target, err := os.Readlink(fd); err == nil && target == "socket:["+inode+"]" {
			pid := strings.Split(fd, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			return fmt.Sprintf("%s (pid %s), which listens", strings.TrimSpace(string(name)), pid)
		}
	}
	return "another user's process, which listens"
}
