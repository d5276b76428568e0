import { Navigate, useLocation } from '@tanstack/react-router';
import { Problem } from '../api/problem.ts';

/** Leads to the sign-in page where the server says that nobody is signed in, and from there back. */
export function SignInFirst({ error }: { readonly error: Error | null }) {
  const { pathname, href } = useLocation();
  if (!(error instanceof Problem) || error.status !== 401 || pathname === '/sign-in') return null;
  return <Navigate to="/sign-in" search={{ back: href }} replace />;
}
