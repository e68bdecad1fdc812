using Callbacks.Journal.Disk;

namespace Callbacks.Tests.Journal;

/// <summary>
/// A disk that forgets what was not flushed. A power cut keeps an arbitrary, seeded part of the rest: whole blocks, in any order, torn
/// inside a write; names of files only if the folder was flushed, or by luck. It can also fail, and be full. Safe for use by several threads.
/// </summary>
sealed class SimulatedDisk : IJournalDisk
{
    readonly Lock _lock = new();
    Dictionary<string, Content> _durableNames = new(StringComparer.Ordinal);
    Dictionary<string, Content> _names = new(StringComparer.Ordinal);
    bool _isLocked;
    bool _isOff;
    int _operationsLeft = int.MaxValue;
    bool _lastOperationTakesEffect;
    int _life;

    public string Path => "simulated";

    /// <summary>Bytes that all files together may have.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Asked before each operation ("write", "flush", "flush folder", "create", "delete", "rename") of a file; true makes it fail.</summary>
    public Func<string, string, bool> Fails { get; set; } = (_, _) => false;

    /// <summary>Which blocks of 4 KiB (file, offset) are bad sectors.</summary>
    public Func<string, long, bool> Unreadable { get; set; } = (_, _) => false;

    /// <summary>Called in each flush before it takes effect; may wait.</summary>
    public Action<string> BeforeFlush { get; set; } = _ => { };

    /// <summary>The same for the folder's.</summary>
    public Action BeforeFolderFlush { get; set; } = () => { };

    /// <summary>
    /// Draws what a write or a flush that fails leaves: of a write any first part, of what was to be flushed any part, and the rest is forgotten,
    /// as the kernel does. Null: a write leaves nothing, and what was to be flushed is kept for the next flush.
    /// </summary>
    public Random? Failures { get; set; }

    public int Flushes { get; private set; }

    /// <summary>Bytes of all files together.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
                return _names.Values.Sum(content => content.Length);
        }
    }

    /// <summary>After so many more operations the machine is off: that one throws <see cref="PowerOffException"/>, having taken effect or not, and so do all others.</summary>
    public void TurnOffAfter(int operations, bool lastTakesEffect)
    {
        lock (_lock)
            (_operationsLeft, _lastOperationTakesEffect) = (operations, lastTakesEffect);
    }

    /// <summary>Power goes: from now on handles of the life before fail, and what was not flushed is there or not.</summary>
    public void CutPower(Random random)
    {
        lock (_lock)
        {
            StartLife();
            var names = new Dictionary<string, Content>(StringComparer.Ordinal);
            foreach (string name in _names.Keys.Union(_durableNames.Keys, StringComparer.Ordinal))
            {
                bool isNew = random.Next(2) == 0;
                if ((isNew ? _names : _durableNames).TryGetValue(name, out Content? content))
                    names[name] = content;
            }

            foreach (Content content in names.Values.Distinct())
                content.CutPower(random);
            _names = names;
            _durableNames = new Dictionary<string, Content>(names, StringComparer.Ordinal);
        }
    }

    /// <summary>The process goes, the machine stays: everything written is there.</summary>
    public void KillProcess()
    {
        lock (_lock)
            StartLife();
    }

    /// <summary>Flips bits, as a bad sector or a careless hand would.</summary>
    public void Damage(string name, long offset, byte mask = 0xFF)
    {
        lock (_lock)
            _names[name].Flip(offset, mask);
    }

    public byte[] Read(string name)
    {
        lock (_lock)
            return _names[name].Copy();
    }

    public void Cut(string name, int length)
    {
        lock (_lock)
            _names[name].Cut(length);
    }

    public bool TryLock()
    {
        lock (_lock)
            return !_isLocked && (_isLocked = true);
    }

    public IReadOnlyList<string> List()
    {
        lock (_lock)
            return [.. _names.Keys];
    }

    public IJournalFile Create(string name)
    {
        lock (_lock)
        {
            Do("create", name, _life, () =>
            {
                if (!_names.TryAdd(name, new Content()))
                    throw new IOException($"{name} exists.");
            });
            return new SimulatedFile(this, name, _names[name], _life);
        }
    }

    public IJournalFile Open(string name)
    {
        lock (_lock)
            return new SimulatedFile(this, name, _names.TryGetValue(name, out Content? content) ? content : throw new FileNotFoundException(name), _life);
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Do("rename", from, _life, () =>
            {
                _names.Remove(from, out Content? content);
                _names[to] = content!;
            });
        }
    }

    public void Delete(string name)
    {
        lock (_lock)
        {
            Do("delete", name, _life, () => _names.Remove(name));
        }
    }

    public void FlushFolder()
    {
        BeforeFolderFlush();
        lock (_lock)
        {
            Do("flush folder", "", _life, () => _durableNames = new Dictionary<string, Content>(_names, StringComparer.Ordinal));
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _isLocked = false;
    }

    void StartLife()
    {
        _life++;
        _isLocked = _isOff = false;
        _operationsLeft = int.MaxValue;
    }

    void Do(string operation, string name, int life, Action effect)
    {
        if (_isOff)
            throw new PowerOffException();
        if (life != _life)
            throw new IOException("The process that opened this is gone.");
        if (--_operationsLeft < 0)
        {
            _isOff = true;
            if (_lastOperationTakesEffect)
                effect();
            throw new PowerOffException();
        }

        if (Fails(operation, name))
            throw new IOException($"Input/output error: {operation} {name}.");
        effect();
    }

    sealed class SimulatedFile(SimulatedDisk disk, string name, Content content, int life) : IJournalFile
    {
        public long Length
        {
            get
            {
                lock (disk._lock)
                    return content.Length;
            }
        }

        public int Read(Span<byte> buffer, long offset)
        {
            lock (disk._lock)
            {
                for (long block = offset & -4096; block < offset + buffer.Length; block += 4096)
                {
                    if (disk.Unreadable(name, block))
                        throw new IOException($"Input/output error: read {name}.");
                }

                return content.Read(buffer, offset);
            }
        }

        public void Write(ReadOnlySpan<byte> buffer, long offset)
        {
            lock (disk._lock)
            {
                byte[] bytes = buffer.ToArray();
                try
                {
                    disk.Do("write", name, life, () => Write(bytes, offset));
                }
                catch (IOException) when (disk.Failures is { } random && life == disk._life)
                {
                    content.Write(bytes[..random.Next(bytes.Length)], offset);
                    throw;
                }
            }
        }

        void Write(byte[] bytes, long offset)
        {
            long growth = Math.Max(0, offset + bytes.Length - content.Length);
            if (growth > 0 && disk.Capacity < long.MaxValue && disk._names.Values.Sum(other => other.Length) + growth > disk.Capacity)
                throw new IOException("No space left on device.");
            content.Write(bytes, offset);
        }

        public void Flush()
        {
            disk.BeforeFlush(name);
            lock (disk._lock)
            {
                try
                {
                    disk.Do("flush", name, life, content.Flush);
                    disk.Flushes++;
                }
                catch (IOException) when (disk.Failures is { } random)
                {
                    content.KeepPart(random);
                    throw;
                }
            }
        }

        public void Shorten(long length)
        {
            lock (disk._lock)
                disk.Do("truncate", name, life, () => content.Shorten((int)length));
        }

        public void Dispose()
        {
        }
    }

    sealed class Content
    {
        readonly List<(long Offset, byte[] Bytes)> _unflushed = [];
        byte[] _bytes = [];
        byte[] _durable = [];
        int _length;
        int _shortened = int.MaxValue;

        public long Length => _length;

        public int Read(Span<byte> buffer, long offset)
        {
            int count = (int)Math.Clamp(_length - offset, 0, buffer.Length);
            _bytes.AsSpan((int)Math.Min(offset, _length), count).CopyTo(buffer);
            return count;
        }

        public void Write(byte[] bytes, long offset)
        {
            _unflushed.Add((offset, bytes));
            Apply(ref _bytes, bytes, offset);
            _length = (int)Math.Max(_length, offset + bytes.Length);
        }

        public void Flush()
        {
            foreach ((long offset, byte[] bytes) in _unflushed)
                Apply(ref _durable, bytes, offset);
            _unflushed.Clear();
        }

        /// <summary>Which nobody flushes: what was there before may be back when power has gone.</summary>
        public void Shorten(int length)
        {
            _length = Math.Min(_length, length);
            _bytes = _bytes[.._length];
            _shortened = length;
        }

        public void CutPower(Random random)
        {
            KeepPart(random);
            if (_durable.Length > _shortened && random.Next(2) == 0)
                _durable = _durable[.._shortened];
            _shortened = int.MaxValue;
            _bytes = [.. _durable];
            _length = _bytes.Length;
        }

        /// <summary>Some of what is not flushed comes to stand on the disk, the rest never will, though it can be read until power goes.</summary>
        public void KeepPart(Random random)
        {
            if (_unflushed.Count == 0)
                return;
            int block = random.Next(2) == 0 ? 512 : 4096;
            var pieces = new List<(long Offset, ReadOnlyMemory<byte> Bytes)>();
            foreach ((long offset, byte[] bytes) in _unflushed)
            {
                for (int start = 0; start < bytes.Length;)
                {
                    int length = (int)Math.Min(bytes.Length - start, block - (offset + start) % block);
                    pieces.Add((offset + start, bytes.AsMemory(start, length)));
                    start += length;
                }
            }

            (long Offset, ReadOnlyMemory<byte> Bytes)[] order = [.. pieces];
            random.Shuffle(order);
            foreach ((long offset, ReadOnlyMemory<byte> piece) in order.Take(random.Next(order.Length + 1)))
                Apply(ref _durable, piece.Span, offset);
            _unflushed.Clear();
        }

        public void Flip(long offset, byte mask) => _durable[offset] = _bytes[offset] = (byte)(_bytes[offset] ^ mask);

        public byte[] Copy() => _bytes[.._length];

        public void Cut(int length)
        {
            _bytes = _bytes[..length];
            _durable = [.. _bytes];
            _length = length;
        }

        static void Apply(ref byte[] target, ReadOnlySpan<byte> bytes, long offset)
        {
            if (target.Length < offset + bytes.Length)
                Array.Resize(ref target, (int)offset + bytes.Length);
            bytes.CopyTo(target.AsSpan((int)offset));
        }
    }
}

/// <summary>Not an error that anybody handles: the machine is off.</summary>
sealed class PowerOffException : Exception
{
    public PowerOffException()
        : base("The machine is off.")
    {
    }
}
