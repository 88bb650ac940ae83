package runtimeapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const procHeader = "#<PID>          <type>          <reloads>       <uptime>        <version>      \n" +
	"8               master          1 [failed: 0]   0d00h00m04s     3.4.7-1        \n"

func TestProcessesAreReadByWhatTheyDo(t *testing.T) {
	const worker, old = "31              worker          0               0d00h00m02s     3.4.7-1        \n",
		"9               worker          1               0d00h00m04s     3.4.7-1        \n"
	for _, tc := range []struct {
		reply string
		want  Processes
	}{
		{procHeader + "# workers\n" + worker + "\n\n", Processes{Reloads: 1, Workers: []int{31}}},
		{procHeader + "# workers\n" + worker + "# old workers\n" + old + old + "\n", Processes{Reloads: 1, Workers: []int{31}, Old: []int{9, 9}}},
		{procHeader + "# workers\n" + worker + "# programs\n77 dataplane\n\n", Processes{Reloads: 1, Workers: []int{31}}}, // before 3.2
		{procHeader + "# workers\n# old workers\n" + old, Processes{Reloads: 1, Old: []int{9}}},                           // none has begun yet
	} {
		got, err := parseProc(tc.reply)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", tc.reply, err, diff)
		}
	}
}

func TestReplyWithoutProcessesIsRefused(t *testing.T) {
	for _, reply := range []string{"", "Unknown command: 'show proc'\n", procHeader + "# workers\nnobody\n", "#<PID>\n8 master many 0d\n"} {
		if got, err := parseProc(reply); err == nil {
			t.Errorf("%q: got %+v and no error", reply, got)
		}
	}
}
