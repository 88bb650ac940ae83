package containers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMembershipsNameTheControlGroup(t *testing.T) {
	for _, row := range []struct {
		memberships string
		want        cgroup
	}{
		{"9:name=systemd:/docker/ab\n3:cpuacct:/docker/ab\n2:cpu:/docker/ab\n", cgroup{cpu: "/r/cpu/docker/ab", account: "/r/cpuacct/docker/ab"}},
		{"4:cpu,cpuacct:/docker/ab\n0::/system.slice\n", cgroup{cpu: "/r/cpu/docker/ab", account: "/r/cpuacct/docker/ab"}}, // mounted together, version 2 beside it
		{"0::/system.slice/docker-ab.scope\n", cgroup{cpu: "/r/system.slice/docker-ab.scope"}},
		{"nonsense\n", cgroup{}},
	} {
		if diff := cmp.Diff(row.want, *memberOf("/r", row.memberships), cmp.AllowUnexported(cgroup{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", row.memberships, diff)
		}
	}
}
