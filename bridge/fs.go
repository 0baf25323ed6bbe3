package bridge

import (
	"luv/lua"
	"luv/uv"
)

// place makes a function that returns a path which the process knows by itself.
func place(find func() (string, error)) func(*lua.Call) {
	return func(c *lua.Call) {
		path, err := find()
		if err != nil {
			c.Fail(err)
			return
		}
		c.Return(path)
	}
}

// faces lists functions by the prefix of their faces' names: those that end with a timeout, most of csrc/fs/fs_ops.h.
func faces(prefix string, names ...string) (list []lua.Func) {
	for _, name := range names {
		list = append(list, lua.Func{Name: name, Args: lua.Own, Face: prefix + name})
	}
	return list
}

func init() {
	lua.Register(lua.Module{
		Name: "luv.fs",
		Funcs: append(faces("fs_", "open", "unlink", "mkdir", "rmdir", "rename", "link", "symlink",
			"readlink", "realpath", "chmod", "chown", "lchown", "utime", "lutime", "stat", "lstat",
			"statx", "statfs", "access", "copyfile", "sendfile", "mkdtemp", "mkstemp", "scandir", "readdir",
			"opendir", "chdir", "readfile", "writefile", "lines", "mkdirp", "rmrf", "walk", "watch"),
			lua.Func{Name: "poll", Args: 2, Face: "fs_poll"},
			lua.Func{Name: "stats", Face: "fs_stats"},
			lua.Func{Name: "cwd", Go: place(uv.Cwd)},
			lua.Func{Name: "exepath", Go: place(uv.ExePath)},
			lua.Func{Name: "tmpdir", Go: place(uv.TmpDir)},
			lua.Func{Name: "homedir", Go: place(uv.HomeDir)}),
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.file",
		Methods: append(faces("file_", "read", "write", "seek", "stat", "sync", "datasync", "truncate",
			"utime", "chmod", "chown", "lock", "close"),
			lua.Func{Name: "lines", Face: "file_lines"},
			lua.Func{Name: "fileno", Face: "file_fileno"},
			lua.Func{Name: "path", Face: "file_path"},
			lua.Func{Name: "closed", Face: "object_closed"}),
		Plain: true,
	})
	lua.DefineClass(lua.ClassDef{Name: "luv.dir", Methods: faces("dir_", "next")})
	lua.DefineClass(lua.ClassDef{Name: "luv.fs.event", Methods: faces("fs_event_", "next")})
	lua.DefineClass(lua.ClassDef{Name: "luv.fs.poller", Methods: faces("fs_poll_", "next")})
}
