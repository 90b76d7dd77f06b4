#!/usr/bin/env python3
"""The profile for pam-auth-update makes common files that anomalyctl check accepts."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

profile, anomalyctl = pathlib.Path(sys.argv[1]), sys.argv[2]
if not shutil.which("pam-auth-update") or not pathlib.Path("/usr/share/pam-configs/unix").exists():
    print("pam-auth-update is not installed")
    sys.exit(77)

field, lines = None, {}
for line in profile.read_text().splitlines():
    if line.startswith("\t"):
        lines.setdefault(field, []).append(line.strip())
    else:
        field = line.split(":")[0]
for needed in ("Name", "Default", "Priority"):
    if f"\n{needed}:" not in "\n" + profile.read_text():
        sys.exit(f"{profile} lacks {needed}")

# What pam-auth-update would write: our lines before those of pam_unix, pam_deny and pam_permit behind.
with tempfile.TemporaryDirectory() as directory:
    root = pathlib.Path(directory)
    for stage in ("auth", "account", "session"):
        text = "".join(f"{stage} {line}\n" for line in lines[stage.capitalize()])
        if stage == "session":
            text = f"session [default=1] pam_permit.so\nsession requisite pam_deny.so\n" \
                   f"session required pam_permit.so\nsession required pam_unix.so\n" + text
        else:
            text += f"{stage} [success=1 default=ignore] pam_unix.so\n" \
                    f"{stage} requisite pam_deny.so\n{stage} required pam_permit.so\n"
        (root / f"common-{stage}").write_text(text)
    (root / "sshd").write_text("".join(f"@include common-{s}\n" for s in ("auth", "account", "session")))
    (root / "conf").write_text("mode = enforce\n")
    (root / ".sshd_config").write_text("UsePAM yes\n")
    done = subprocess.run([anomalyctl, "check", "--json", "--config", str(root / "conf"), "--store",
                           str(root / "none"), "--pam-dir", str(root), "--sshd-config",
                           str(root / ".sshd_config")], capture_output=True, text=True)
    found = [f["text"] for f in json.loads(done.stdout)["findings"]
             if f["area"] == "pam" and f["severity"] != "good" and "not installed" not in f["text"]]
print("\n".join(found))
sys.exit(bool(found))
