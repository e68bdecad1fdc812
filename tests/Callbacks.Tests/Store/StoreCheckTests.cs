using Callbacks.Configuration;
using Callbacks.Fixtures;
using Callbacks.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Callbacks.Tests.Store;

public sealed class StoreCheckTests
{
    [Fact]
    public async Task An_empty_database_will_do_and_stays_empty_and_a_migrated_one_will_do()
    {
        string connectionString = await PostgreSql.CreateDatabaseAsync();
        await using var database = new TestDatabase(connectionString);

        CheckResult empty = await CheckAsync(connectionString);
        Assert.True(empty.IsOk, empty.Text);
        Assert.Contains("the start will make it", empty.Text, StringComparison.Ordinal);
        Assert.Equal(0, await database.ReadAsync<long>("select count(*) from pg_class where relnamespace = 'public'::regnamespace"));

        await MigrateAsync(connectionString);
        CheckResult migrated = await CheckAsync(connectionString);
        Assert.True(migrated.IsOk, migrated.Text);
        Assert.Contains("the schema is there", migrated.Text, StringComparison.Ordinal);
        Assert.Contains(await database.ReadAsync<string>("show server_version"), migrated.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "grant usage on schema public to stranger", "may not create the tables in the schema public")]
    [InlineData(true, "grant select on objects to stranger", "may not select, insert, update and delete")]
    [InlineData(true, "grant all on objects, callback_migrations to stranger; delete from callback_migrations; grant create on schema public to stranger", "is not its owner")]
    [InlineData(false, "grant connect on database {0} to stranger", "can't be used: 28", "password=wrong")]
    public async Task A_user_without_the_rights_is_told_which_are_missing(bool isMigrated, string grants, string said, string? more = null)
    {
        string connectionString = await PostgreSql.CreateDatabaseAsync();
        if (isMigrated)
            await MigrateAsync(connectionString);
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        string role = $"stranger_{builder.Database}";
        await using var database = new TestDatabase(connectionString);
        await database.ExecuteAsync($"create role {role} login password 'geheim'; revoke all on schema public from public; grant usage on schema public to {role}");
        await database.ExecuteAsync(grants.Replace("stranger", role, StringComparison.Ordinal).Replace("{0}", builder.Database, StringComparison.Ordinal));
        builder.Username = role;
        builder.Password = more is null ? "geheim" : "falsches geheim";

        CheckResult result = await CheckAsync(builder.ConnectionString);
        Assert.False(result.IsOk, result.Text);
        Assert.Contains(said, result.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_without_the_password()
    {
        CheckResult result = await CheckAsync("Host=127.0.0.1;Port=1;Username=nobody;Password=geheim");
        Assert.False(result.IsOk);
        Assert.Contains("127.0.0.1:1", result.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", result.Text, StringComparison.Ordinal);
    }

    static async Task<CheckResult> CheckAsync(string connectionString)
    {
        await using var connections = new StoreConnections(Options.Create(new StoreOptions { ConnectionString = connectionString }));
        return (await new StoreCheck(connections, CreateMigrator(), TimeProvider.System).RunAsync(CancellationToken.None))!;
    }

    static async Task MigrateAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await CreateMigrator().ApplyAsync(source, TimeSpan.FromSeconds(10), CancellationToken.None);
    }

    static Migrator CreateMigrator() => new(TimeProvider.System, NullLogger<Migrator>.Instance);
}
