using Callbacks.Journal.Disk;
using Callbacks.Journal.Tools;

namespace Callbacks.Tests.Journal.Tools;

public sealed class LockHolderTests
{
    static readonly FileIdentity File = new(0xfe, 0, 11666014);

    static readonly string[] Locks =
    [
        "1: POSIX  ADVISORY  WRITE 10 fe:00:11666014 0 EOF",
        "2: FLOCK  ADVISORY  READ 20 fe:00:11666014 0 EOF",
        "2: -> FLOCK  ADVISORY  WRITE 25 fe:00:11666014 0 EOF",
        "3: FLOCK  ADVISORY  WRITE 30 fe:00:99 0 EOF",
        "4: FLOCK  ADVISORY  WRITE 6097 fe:00:11666014 0 EOF",
        "",
    ];

    [Fact]
    public void The_one_exclusive_flock_of_the_file_counts() => Assert.Equal(6097, LockHolder.Find(Locks, File, _ => false));

    [Fact]
    public void Another_file_of_the_same_number_on_another_device_does_not_count_unless_the_process_has_ours_open()
    {
        FileIdentity elsewhere = File with { Major = 8 };
        Assert.Null(LockHolder.Find(Locks, elsewhere, _ => false));
        Assert.Equal(6097, LockHolder.Find(Locks, elsewhere, process => process == 6097));
    }

    [Fact]
    public void No_lock_is_none() => Assert.Null(LockHolder.Find([], File, _ => true));
}
