using System.Collections.Concurrent;
using System.Collections.Frozen;
using Sahab.Routing.Admission;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>A tenant's part in what is scarce.</summary>
/// <param name="Weight">At least 1.</param>
internal readonly record struct TenantStanding(int Weight, TenantGroup? Group);

/// <summary>
/// The keys of the store as the front door finds them: by the hash of a secret, without a query and without allocating.
/// Whether a key is good is judged by the clock at each call. A key's limiter survives whatever of the key changes.
/// </summary>
internal sealed class StoreKeyTable
{
    static readonly TenantStanding Usual = new(1, null);

    readonly ConcurrentDictionary<KeyDigest, Secret> _secrets = new();
    readonly ConcurrentDictionary<string, Holder> _holders = new(StringComparer.Ordinal);
    readonly Lock _changing = new();
    readonly TimeProvider _time;
    FrozenDictionary<string, TenantStanding> _standings = FrozenDictionary<string, TenantStanding>.Empty;
    StoppedHolders _stopped = StoppedHolders.None;

    public StoreKeyTable(KeyFeed feed, DataRulesShelf shelf, TimeProvider time)
    {
        _time = time;
        shelf.Watch(RulesOnData);
        feed.Subscribe(Apply, Stop, TakeUses, IsFull);
    }

    /// <summary>Keys, those among them that have ended.</summary>
    public int Count => _holders.Count;

    public IEnumerable<ApiKey> Keys => _holders.Values.Select(holder => holder.Key);

    /// <summary>The key of a secret.</summary>
    /// <param name="fault">Why it lets nobody in; none where there is a key.</param>
    public ApiKey? Find(in KeyDigest digest, out KeyFault fault)
    {
        if (!_secrets.TryGetValue(digest, out var secret))
        {
            fault = KeyFault.Unknown;
            return null;
        }

        var nowUs = UnixMicroseconds.From(_time.GetUtcNow());
        var holder = secret.Holder;
        fault = holder.FaultAt(nowUs);
        if (fault == KeyFault.None && nowUs >= secret.GoodUntilUs)
        {
            fault = KeyFault.Replaced;
        }

        var key = holder.Key;
        if (fault == KeyFault.None)
        {
            fault = FaultOf(key);
        }

        if (fault != KeyFault.None)
        {
            return null;
        }

        holder.NoteUse(nowUs);
        return key;
    }

    /// <summary>The key of an id, while it is good, for work that was begun with it.</summary>
    public ApiKey? FindById(string id) =>
        _holders.TryGetValue(id, out var holder)
        && holder.FaultAt(UnixMicroseconds.From(_time.GetUtcNow())) == KeyFault.None
        && FaultOf(holder.Key) == KeyFault.None
            ? holder.Key
            : null;

    /// <summary>The key of an id, also when it has ended, until it is forgotten.</summary>
    public ApiKey? Recall(string id) => _holders.TryGetValue(id, out var holder) ? holder.Key : null;

    /// <summary>Whether the key's organisation or project stands still, wherever the key is from.</summary>
    public KeyFault FaultOf(ApiKey key)
    {
        var stopped = Volatile.Read(ref _stopped);
        return stopped.IsNone ? KeyFault.None
            : stopped.Organisations.Contains(key.Tenant) ? KeyFault.Suspended
            : stopped.HasArchived(key.Tenant, key.Project) ? KeyFault.Archived
            : KeyFault.None;
    }

    /// <summary>Puts a configuration's groups and weights in force.</summary>
    /// <param name="standings">By tenant; those that are not in it have the usual one.</param>
    public void Regroup(FrozenDictionary<string, TenantStanding> standings)
    {
        lock (_changing)
        {
            _standings = standings;
            foreach (var holder in _holders.Values)
            {
                var standing = StandingOf(holder.Key.Tenant);
                if (holder.Key.Weight != standing.Weight || holder.Key.Group != standing.Group)
                {
                    holder.Key = holder.Key with { Weight = standing.Weight, Group = standing.Group };
                }
            }
        }
    }

    void Apply(StoreKey stored)
    {
        lock (_changing)
        {
            if (!_holders.TryGetValue(stored.Id, out var holder))
            {
                if (IsFull())
                {
                    return;
                }

                holder = new Holder(new KeyLimiter(LimitsOf(stored.Terms)));
            }
            else if (stored.ChangeNumber < holder.ChangeNumber)
            {
                return;
            }

            holder.ChangeNumber = stored.ChangeNumber;
            holder.Limiter.Change(LimitsOf(stored.Terms));
            holder.Key = KeyOf(stored, holder.Limiter);
            holder.EndsUs = stored.Terms.ExpiresAt is { } end ? UnixMicroseconds.From(end) : long.MaxValue;
            holder.IsRevoked = stored.RevokedAt is not null;
            _holders[stored.Id] = holder;
            PutSecrets(stored, holder);
        }
    }

    /// <summary>Whether there is no room for another key, those that have ended being forgotten for one.</summary>
    bool IsFull()
    {
        if (_holders.Count < KeyFeed.MaxKeys)
        {
            return false;
        }

        lock (_changing)
        {
            var nowUs = UnixMicroseconds.From(_time.GetUtcNow());
            foreach (var (id, holder) in _holders.Where(each => each.Value.FaultAt(nowUs) != KeyFault.None))
            {
                _holders.TryRemove(id, out _);
                holder.Digests.ForEach(digest => _secrets.TryRemove(digest, out _));
            }

            return _holders.Count >= KeyFeed.MaxKeys;
        }
    }

    void PutSecrets(StoreKey stored, Holder holder)
    {
        var digests = new List<KeyDigest>(stored.Secrets.Length);
        foreach (var secret in stored.Secrets)
        {
            var digest = KeyDigest.FromHex(secret.Digest);
            digests.Add(digest);
            _secrets[digest] = new Secret(
                holder, secret.GoodUntil is { } until ? UnixMicroseconds.From(until) : long.MaxValue);
        }

        foreach (var gone in holder.Digests.Except(digests))
        {
            _secrets.TryRemove(gone, out _);
        }

        holder.Digests = digests;
    }

    void Stop(StoppedHolders stopped) => Volatile.Write(ref _stopped, stopped);

    List<KeyUse> TakeUses()
    {
        var uses = new List<KeyUse>();
        foreach (var (id, holder) in _holders)
        {
            if (holder.TakeUse() is { } usedUs)
            {
                uses.Add(new KeyUse(id, UnixMicroseconds.ToTime(usedUs)));
            }
        }

        return uses;
    }

    /// <summary>The rules on data of keys that are good.</summary>
    IEnumerable<KeyRules> RulesOnData()
    {
        var nowUs = UnixMicroseconds.From(_time.GetUtcNow());
        return _holders.Values.Where(holder => holder.Key.Data is not null && holder.FaultAt(nowUs) == KeyFault.None)
            .Select(holder => holder.Key.Data!.Rules);
    }

    TenantStanding StandingOf(string tenant) => _standings.TryGetValue(tenant, out var standing) ? standing : Usual;

    ApiKey KeyOf(StoreKey stored, KeyLimiter limiter)
    {
        var terms = stored.Terms;
        var countries = terms.Countries is { } codes
            ? CountrySet.FromCodes(codes.Select(code => CountryCode.Parse(code)))
            : CountrySet.All;
        var tiers = terms.Tiers is { } allowed ? TierSet.Of(allowed) : TierSet.All;
        var standing = StandingOf(stored.Organisation);
        return new ApiKey(
            stored.Organisation, stored.Id, standing.Weight, Admin: false, countries, countries.ToString(),
            terms.Models?.ToFrozenSet(StringComparer.Ordinal), limiter, tiers.Highest)
        {
            Project = stored.Project,
            Group = standing.Group,
            Tiers = tiers,
            Data = terms.Data is { } data
                ? new KeyData(new KeyRules(stored.Organisation, stored.Project, stored.Id, data))
                : null,
        };
    }

    static Limits LimitsOf(KeyTerms terms) => new()
    {
        RequestsPerMinute = terms.RequestsPerMinute,
        TokensPerMinute = terms.TokensPerMinute,
        Concurrency = terms.Concurrency,
    };

    sealed record Secret(Holder Holder, long GoodUntilUs);

    /// <summary>A key, whichever of its secrets is given.</summary>
    sealed class Holder(KeyLimiter limiter)
    {
        const long UseGrainUs = 60_000_000;

        volatile ApiKey _key = null!;
        volatile bool _isRevoked;
        long _endsUs;
        long _usedUs;
        long _notedUs;

        public KeyLimiter Limiter => limiter;

        public long ChangeNumber { get; set; }

        public List<KeyDigest> Digests { get; set; } = [];

        public ApiKey Key
        {
            get => _key;
            set => _key = value;
        }

        public bool IsRevoked
        {
            set => _isRevoked = value;
        }

        public long EndsUs
        {
            set => Volatile.Write(ref _endsUs, value);
        }

        public KeyFault FaultAt(long nowUs) =>
            _isRevoked ? KeyFault.Revoked
            : nowUs >= Volatile.Read(ref _endsUs) ? KeyFault.Expired
            : KeyFault.None;

        /// <summary>Once a minute at most, so that a busy key's line of memory is not written with each call.</summary>
        public void NoteUse(long nowUs)
        {
            if (nowUs - Volatile.Read(ref _usedUs) >= UseGrainUs)
            {
                Volatile.Write(ref _usedUs, nowUs);
            }
        }

        /// <summary>When it was last used, if that was not told yet.</summary>
        public long? TakeUse()
        {
            var usedUs = Volatile.Read(ref _usedUs);
            if (usedUs == _notedUs)
            {
                return null;
            }

            _notedUs = usedUs;
            return usedUs;
        }
    }
}
