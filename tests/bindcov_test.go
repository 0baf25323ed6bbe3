package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What libuv offers and luv does not call, with the reason. What is neither called nor here, what
// is called and here, and what uv.h does not have fails the test. `since` is the minor version of
// libuv 1 that brought the names; without it they are in the oldest one that luv builds with.
var notBound = []skip{
	// The loop.
	{why: "each state has a loop of its own", names: "uv_default_loop"},
	{why: "deprecated in favour of uv_loop_init and uv_loop_close", names: "uv_loop_new uv_loop_delete"},
	{why: "blocks SIGPROF and measures idle time: neither is a script's business, and luv.stats measures by itself",
		names: "uv_loop_configure uv_metrics_idle_time"},
	{why: "luv.stats counts by itself", since: 45, names: "uv_metrics_info"},
	{why: "after a fork without exec every call of luv raises", names: "uv_loop_fork"},
	{why: "what runs before and after a poll is in luv__poll",
		names: "uv_prepare_init uv_prepare_start uv_prepare_stop uv_check_init uv_check_start uv_check_stop"},
	{why: "libuv's cached time is too coarse: luv measures on uv_hrtime", names: "uv_update_time"},
	{why: "luv's timers are a heap of its own on one uv_timer_t, which need not be asked",
		names: "uv_timer_again uv_timer_set_repeat uv_timer_get_repeat uv_timer_get_due_in"},

	// Handles and requests.
	{why: "a getter or setter of a field, which C reads itself",
		names: "uv_handle_get_type uv_handle_get_data uv_handle_set_data uv_handle_get_loop uv_req_get_type " +
			"uv_req_get_data uv_req_set_data uv_loop_get_data uv_loop_set_data uv_process_get_pid uv_fs_get_type " +
			"uv_fs_get_result uv_fs_get_ptr uv_fs_get_path uv_fs_get_statbuf uv_fs_get_system_error"},
	{why: "objects go by the names of luv's classes", names: "uv_handle_type_name uv_req_type_name"},
	{why: "requests are members of luv's structures", names: "uv_req_size"},
	{why: "what keeps a script alive is counted by luv", names: "uv_has_ref"},
	{why: "luv.dump says more", names: "uv_print_all_handles uv_print_active_handles"},

	// Streams.
	{why: "luv.pipe.pair is two-way, a uv_socketpair", names: "uv_pipe"},
	{why: "a handle goes with uv_write2, which waits when it has to", names: "uv_try_write2"},
	{why: "luv__tcp_close_reset, after which an object closes as ever", names: "uv_tcp_close_reset"},
	{why: "libuv cuts long paths off and knows no abstract ones: csrc/stream/pipe.c does", names: "uv_pipe_bind uv_pipe_connect"},
	{why: "csrc/stream/pipe.c does it for every libuv", since: 46, names: "uv_pipe_bind2 uv_pipe_connect2"},
	{why: "csrc/stream/handle.c asks the descriptor, which also tells a listener", names: "uv_pipe_pending_type"},
	{why: "luv.fs.chmod on the path", names: "uv_pipe_chmod"},
	{why: "csrc/stream/tty.c: libuv can put back one terminal of the process, luv does it for all",
		names: "uv_tty_set_mode uv_tty_reset_mode"},
	{why: "only on Windows", names: "uv_tcp_simultaneous_accepts uv_pipe_pending_instances uv_tty_set_vterm_state " +
		"uv_tty_get_vterm_state uv_get_osfhandle uv_open_osfhandle"},
	{why: "uv_udp_init_ex does it", names: "uv_udp_init"},
	{why: "a fiber sends one datagram", since: 50, names: "uv_udp_try_send2"},
	{why: "the same as uv_poll_init outside of Windows", names: "uv_poll_init_socket"},

	// Names and addresses.
	{why: "Go's resolver: a silent server holds no thread of the pool", names: "uv_getnameinfo"},
	{why: "net/netip", names: "uv_inet_ntop uv_inet_pton"},
	{why: "the same as uv_if_indextoname outside of Windows", names: "uv_if_indextoiid"},

	// The environment.
	{why: "they free what other threads read: csrc/process/os.c does not", names: "uv_os_setenv uv_os_unsetenv"},

	// Files.
	{why: "jobs of csrc/fs/fs_job.c, which undo what comes too late",
		names: "uv_fs_open uv_fs_mkdtemp uv_fs_mkstemp uv_chdir"},
	{why: "csrc/fs/fs_copy.c: libuv's copies no file of /proc and never ends on one that is cut meanwhile",
		names: "uv_fs_copyfile"},
	{why: "walks and streams share the reader of csrc/fs/fs_walk.c", names: "uv_fs_opendir uv_fs_readdir uv_fs_closedir"},
	{why: "csrc/fs/fs_event.c is inotify itself, which tells what libuv hides",
		names: "uv_fs_event_init uv_fs_event_start uv_fs_event_stop uv_fs_event_getpath"},
	{why: "a poller runs until it is closed", names: "uv_fs_poll_stop"},

	// Processes, signals and threads.
	{why: "uv_kill, with the number that the object keeps", names: "uv_process_kill"},
	{why: "a watcher lasts until it is closed, so no signal between two waits is lost", names: "uv_signal_start_oneshot"},
	{why: "pthreads and C's atomics: luv is for POSIX, and shares these with Go",
		names: "uv_mutex_init uv_mutex_init_recursive uv_mutex_destroy uv_mutex_lock uv_mutex_trylock " +
			"uv_mutex_unlock uv_rwlock_init uv_rwlock_destroy uv_rwlock_rdlock uv_rwlock_tryrdlock " +
			"uv_rwlock_rdunlock uv_rwlock_wrlock uv_rwlock_trywrlock uv_rwlock_wrunlock uv_sem_init " +
			"uv_sem_destroy uv_sem_post uv_sem_wait uv_sem_trywait uv_cond_init uv_cond_destroy uv_cond_signal " +
			"uv_cond_broadcast uv_cond_wait uv_cond_timedwait uv_barrier_init uv_barrier_destroy uv_barrier_wait " +
			"uv_once uv_key_create uv_key_delete uv_key_get uv_key_set uv_thread_create_ex " +
			"uv_thread_self uv_thread_equal"},
	{why: "the same", since: 50, names: "uv_thread_detach uv_thread_setname uv_thread_getname"},
	{why: "not in the oldest libuv", since: 45,
		names: "uv_cpumask_size uv_thread_setaffinity uv_thread_getaffinity uv_thread_getcpu"},
	{why: "luv.os.priority has the calling thread", since: 48, names: "uv_thread_getpriority uv_thread_setpriority"},

	// The rest.
	{why: "the whole process's: a library in it leaves that to the host", names: "uv_library_shutdown uv_replace_allocator"},
	{why: "uv_version_string says the same", names: "uv_version"},
	{why: "luv.sleep: the loop must not stop", names: "uv_sleep"},
	{why: "package.loadlib and require", names: "uv_dlopen uv_dlclose uv_dlsym uv_dlerror"},
	{why: "not in the oldest libuv", since: 45,
		names: "uv_clock_gettime uv_get_available_memory uv_os_get_passwd2 uv_os_get_group uv_os_free_group"},
	{why: "not in the oldest libuv", since: 50, names: "uv_getrusage_thread"},
	{why: "Lua's strings are bytes; these are for Windows", since: 47,
		names: "uv_utf16_length_as_wtf8 uv_utf16_to_wtf8 uv_wtf8_length_as_utf16 uv_wtf8_to_utf16"},
}

// known is the newest minor version of libuv 1 that the table was compared with: what a later one
// brings is told, and is no failure.
const known = 51

type skip struct {
	why   string
	since int
	names string
}

// header returns the text of the installed uv.h, and the minor version of that libuv.
func header(t *testing.T) (text string, minor int) {
	t.Helper()
	dir := ""
	if out, err := exec.Command("pkg-config", "--variable=includedir", "libuv").Output(); err == nil {
		dir = strings.TrimSpace(string(out))
	}
	if _, err := os.Stat(filepath.Join(dir, "uv.h")); dir == "" || err != nil {
		dir = includeDir(t)
	}
	var texts [2]string
	for i, name := range []string{"uv.h", "uv/version.h"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(b)
	}
	version := regexp.MustCompile(`#define UV_VERSION_MINOR (\d+)`).FindStringSubmatch(texts[1])
	if version == nil {
		t.Fatal("uv/version.h says no version")
	}
	minor, _ = strconv.Atoi(version[1])
	return texts[0], minor
}

// includeDir asks the compiler where uv.h is.
func includeDir(t *testing.T) string {
	t.Helper()
	cc := exec.Command("cc", "-E", "-")
	cc.Stdin = strings.NewReader("#include <uv.h>\n")
	out, err := cc.Output()
	if err != nil {
		t.Fatal("no uv.h: ", err)
	}
	where := regexp.MustCompile(`"([^"]*)/uv\.h"`).FindSubmatch(out)
	if where == nil {
		t.Fatal("the compiler does not say where uv.h is")
	}
	return string(where[1])
}

// In C and in Go: strings, characters and comments.
var noCode = regexp.MustCompile("(?s)\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])+'|`[^`]*`|/\\*.*?\\*/|//[^\n]*")

var declaration = regexp.MustCompile(`UV_EXTERN\s[^;(]*?\b(uv_\w+)\s*\(`)

// declared returns the functions of a header.
func declared(text string) (list []string) {
	for _, m := range declaration.FindAllStringSubmatch(noCode.ReplaceAllString(text, " "), -1) {
		list = append(list, m[1])
	}
	return list
}

var called = regexp.MustCompile(`\b(uv_\w+)\s*\(`)

// calls adds to a set whatever of libuv's a source calls.
func calls(set map[string]bool, text string) {
	for _, m := range called.FindAllStringSubmatch(noCode.ReplaceAllString(text, " "), -1) {
		set[m[1]] = true
	}
}

// uncovered returns what is wrong with a table.
func uncovered(functions []string, minor int, bound map[string]bool, table []skip) (wrong, news []string) {
	skipped := map[string]bool{}
	for _, row := range table {
		if row.why == "" {
			wrong = append(wrong, row.names+": no reason")
		}
		for _, name := range strings.Fields(row.names) {
			switch {
			case skipped[name]:
				wrong = append(wrong, name+": is in the table twice")
			case bound[name]:
				wrong = append(wrong, name+": is called, and in the table")
			case row.since <= minor && !slices.Contains(functions, name):
				wrong = append(wrong, name+": is in the table, but not in uv.h")
			}
			skipped[name] = true
		}
	}
	for _, name := range functions {
		if bound[name] || skipped[name] {
			continue
		}
		if minor > known {
			news = append(news, name)
		} else {
			wrong = append(wrong, name+": is neither called nor in the table")
		}
	}
	return wrong, news
}

func TestEveryFunctionOfLibuvIsBoundOrSkipped(t *testing.T) {
	text, minor := header(t)
	functions, bound := declared(text), map[string]bool{}
	if len(functions) < 290 || len(functions) < strings.Count(text, "\nUV_EXTERN ") {
		t.Fatalf("only %d functions were found in uv.h", len(functions))
	}
	for _, pattern := range []string{"uv/*.go", "bridge/*.go", "csrc/*/*.c", "csrc/*/*.h"} {
		for _, name := range files(t, pattern) {
			if !isTest(name) {
				calls(bound, read(t, name))
			}
		}
	}
	wrong, news := uncovered(functions, minor, bound, notBound)
	for _, w := range wrong {
		t.Error(w)
	}
	if len(news) > 0 {
		t.Logf("libuv 1.%d is newer than this test, and has %s", minor, strings.Join(news, ", "))
	}
	n := 0
	for _, name := range functions {
		if bound[name] {
			n++
		}
	}
	t.Logf("libuv 1.%d: %d functions, %d of them called", minor, len(functions), n)
}

func TestCoverageIsNoticed(t *testing.T) {
	functions := declared("/* UV_EXTERN int uv_no(void); */\n" +
		"UV_EXTERN int uv_a(void);\nUV_EXTERN uv_loop_t* uv_b(void (*f)(int),\n  int);\nUV_EXTERN const char* uv_c (int);\n")
	bound := map[string]bool{}
	calls(bound, "/* uv_no(1) */ C.uv_a(x); luv_c(1); uv_c_d(2); s = \"uv_c(1)\"; // uv_b(1)\n fn = uv_b;")
	for i, c := range []struct {
		minor int
		table []skip
		want  string
	}{
		{44, []skip{{why: "w", names: "uv_b uv_c"}}, "[]"},
		{44, []skip{{why: "w", names: "uv_b uv_c"}, {why: "w", since: 45, names: "uv_d"}}, "[]"},
		{45, []skip{{why: "w", names: "uv_b uv_c"}, {why: "w", since: 45, names: "uv_d"}},
			"[uv_d: is in the table, but not in uv.h]"},
		{44, []skip{{why: "w", names: "uv_b"}}, "[uv_c: is neither called nor in the table]"},
		{44, []skip{{why: "w", names: "uv_a uv_b uv_c"}}, "[uv_a: is called, and in the table]"},
		{44, []skip{{why: "w", names: "uv_b uv_c uv_b"}}, "[uv_b: is in the table twice]"},
		{44, []skip{{names: "uv_b uv_c"}}, "[uv_b uv_c: no reason]"},
		{known + 1, []skip{{why: "w", names: "uv_b"}}, "[]"},
	} {
		wrong, news := uncovered(functions, c.minor, bound, c.table)
		if got := fmt.Sprint(wrong); got != c.want {
			t.Errorf("case %d: %s, want %s", i, got, c.want)
		}
		if (len(news) > 0) != (c.minor > known) {
			t.Errorf("case %d: news %v", i, news)
		}
	}
}
