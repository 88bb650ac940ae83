package runtimeapi

import (
	"strings"
	"testing"
)

func TestInfoOfEveryVersionIsRead(t *testing.T) {
	for _, version := range versions {
		info, err := parseInfo(body(t, version, "show-info"))
		if err != nil || !strings.HasPrefix(info["Version"], version+".") || info["Nbthread"] != "1" || info["Maxconn"] != "500" {
			t.Errorf("%s: %v, error %v", version, info, err)
		}
	}
}

func TestStatOfEveryVersionIsRead(t *testing.T) {
	for _, version := range versions {
		rows, err := parseStat(body(t, version, "show-stat"))
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		var names []string
		for _, row := range rows {
			names = append(names, row["pxname"]+"/"+row["svname"])
			if row["svname"] == "s1" && row["status"] != "no check" {
				t.Errorf("%s: s1 has status %q", version, row["status"])
			}
		}
		if got, want := strings.Join(names, " "), "f/FRONTEND ok/s1 ok/s2 ok/BACKEND"; got != want {
			t.Errorf("%s: rows %s, want %s", version, got, want)
		}
	}
}

func TestForeignTextIsNeitherInfoNorStat(t *testing.T) {
	for _, text := range []string{"", "hello\n", "Name: something else\n"} {
		if info, err := parseInfo(text); err == nil {
			t.Errorf("info of %q is %v", text, info)
		}
		if rows, err := parseStat(text); err == nil {
			t.Errorf("stat of %q is %v", text, rows)
		}
	}
}
