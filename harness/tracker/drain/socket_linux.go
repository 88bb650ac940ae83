package drain

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// widen asks the kernel to keep so many bytes, beyond the limit of the machine where
// we may, and returns how many it keeps.
func widen(c syscall.Conn, bytes int) int {
	granted := 0
	withDescriptor(c, func(fd int) {
		if syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, bytes) != nil {
			_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, bytes) // granted says what became of it
		}
		granted, _ = syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	})
	return granted
}

// backlog returns how many bytes wait to be read, and how many datagrams the kernel
// has thrown away for want of room: rx_queue and the last column of /proc/net/udp
// (Documentation/networking/proc_net_tcp.rst in Linux).
func backlog(c syscall.Conn) (waiting int, lost uint64) {
	var stat syscall.Stat_t
	withDescriptor(c, func(fd int) { _ = syscall.Fstat(fd, &stat) })
	inode := strconv.FormatUint(stat.Ino, 10)
	if waiting, lost, ok := backlogIn("/proc/self/net/udp", inode); ok {
		return waiting, lost
	}
	waiting, lost, _ = backlogIn("/proc/self/net/udp6", inode)
	return waiting, lost
}

// datagramQueue returns how many datagrams a unixgram socket holds; a sender that
// does not wait, as HAProxy does not, loses the others.
func datagramQueue() int {
	text, err := os.ReadFile("/proc/sys/net/unix/max_dgram_qlen")
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(text))) // the kernel wrote it
	return n
}

func backlogIn(table, inode string) (waiting int, lost uint64, ok bool) {
	const queuesColumn, inodeColumn, dropsColumn = 4, 9, 12
	f, err := os.Open(table)
	if err != nil {
		return 0, 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) > dropsColumn && columns[inodeColumn] == inode {
			_, queue, _ := strings.Cut(columns[queuesColumn], ":") // of what is sent, then of what is received
			bytes, _ := strconv.ParseInt(queue, 16, 64)            // the kernel wrote it, as what follows
			drops, _ := strconv.ParseUint(columns[dropsColumn], 10, 64)
			return int(bytes), drops, true
		}
	}
	return 0, 0, false
}

func withDescriptor(c syscall.Conn, use func(fd int)) {
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { use(int(fd)) }) // a closed socket tells nothing
	}
}
